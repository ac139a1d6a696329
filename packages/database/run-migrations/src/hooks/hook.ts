import { ScriptError, type ExitCodeName } from "@org/exit-codes";

/** When a hook runs. */
export type HookMoment = "before-all" | "after-each" | "after-all";

/** SQL or a command that runs around the files of a run. */
export type MigrationHook = SqlHook | CommandHook;

interface NamedHook {
  readonly moment: HookMoment;
  /** The path of the SQL file as the config has it, or the command line. */
  readonly title: string;
}

export interface SqlHook extends NamedHook {
  readonly sql: string;
}

export interface CommandHook extends NamedHook {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
}

/** One run of a hook. */
export interface HookRun {
  readonly moment: HookMoment;
  readonly hook: string;
  /** Of the file that it ran after; null for the other moments. */
  readonly version: string | null;
  /** `planned`: a plan or a dry run runs none. */
  readonly state: "planned" | "ran" | "failed";
  /** null when it did not run. */
  readonly durationMs: number | null;
}

/** A hook that did not end well. Its message names the moment, the hook and the place or the exit code. */
export class HookError extends ScriptError {
  /** Of the file that it belongs to; null for the other moments. */
  readonly version: string | null;

  constructor(version: string | null, { code, message, ...options }: HookFailure) {
    super(code, message, options);
    this.version = version;
  }
}

export interface HookFailure {
  readonly code: ExitCodeName;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}
