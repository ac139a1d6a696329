/** `script.json`: what tools must know about a script without running code. */
export interface Manifest {
  /** One sentence in the imperative, without a full stop. */
  readonly summary: string;
  /** The Nx target and the phase of `platform` that runs it. */
  readonly target: string;
  /** The scripts that must have succeeded before; unscoped names. */
  readonly after: readonly string[];
  /** The scripts of the same target that must have ended before, however they ended. */
  readonly waitsFor?: readonly string[];
  /** What must be there: "postgres", "supabase", "dragonfly". */
  readonly services: readonly string[];
  readonly permission: string;
  /** Durations such as "5s" and "5m". */
  readonly expected: string;
  readonly timeout: string;
  /** The name, without extension, of the report file in REPORT_DIR. */
  readonly report?: string;
}
