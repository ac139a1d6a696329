import { exitCodes, type ExitCodeName } from "@org/exit-codes";
import { formatDuration, type Report } from "@org/script";
import type { PlatformScript } from "./order.ts";

/** What a child ended with. A child that could not report has no report. */
export interface ChildEnd {
  readonly script: string;
  readonly exitCode: number;
  readonly durationMs: number;
  readonly report: Report | undefined;
  /** Its own last words, when it ended without a report. */
  readonly failure: string | undefined;
}

export interface ChildOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Whether its story goes to our standard error. */
  readonly tells: boolean;
}

/** Time that a child gets between the request to end and the end. */
const killAfterMs = 5_000;

/**
 * Runs a script as a process of its own and reads the report from its standard output; its story goes to ours.
 * On abort it is asked to end as we were, and killed when it does not.
 */
export async function runChild(script: PlatformScript, { args, cwd, env, signal, tells }: ChildOptions): Promise<ChildEnd> {
  const { execa } = await import("execa");
  const started = performance.now();
  // Without the dashes Node takes --env-file for its own and ends when the file is not there yet.
  const result = await execa(process.execPath, ["--", script.bin, ...args, "--json"], {
    cwd,
    env: { ...env },
    extendEnv: false,
    stdin: "ignore",
    stderr: tells ? "inherit" : "ignore",
    reject: false,
    // In a process group of its own, so that a terminal's Ctrl-C reaches it once, through us.
    detached: true,
    cancelSignal: signal,
    killSignal: "SIGTERM",
    forceKillAfterDelay: killAfterMs,
    cleanup: true,
  });
  const exitCode = result.exitCode ?? (result.signal === "SIGINT" ? 130 : result.signal === "SIGTERM" ? 143 : 137);
  const report = parseReport(result.stdout);
  const failure = report === undefined ? `it ended with exit code ${exitCode} after ${formatDuration(performance.now() - started)} and printed no report` : undefined;
  return { script: script.name, exitCode, durationMs: Math.round(performance.now() - started), report, failure };
}

function parseReport(stdout: string): Report | undefined {
  try {
    const report = JSON.parse(stdout) as Partial<Report> | null;
    return typeof report?.verdict === "string" && report.counts !== undefined && Array.isArray(report.checks) ? (report as Report) : undefined;
  } catch {
    // A child that was refused at its flags or killed prints no report; its exit code says so.
    return undefined;
  }
}

/** The name of an exit code; what no script would give is a bug. */
export function codeName(exitCode: number): ExitCodeName {
  return (Object.keys(exitCodes) as ExitCodeName[]).find((name) => exitCodes[name] === exitCode) ?? "general";
}
