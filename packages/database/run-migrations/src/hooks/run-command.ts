import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ExitCodeName } from "@org/exit-codes";

export interface CommandOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
  /** Takes each line of both streams, without its end. */
  readonly onLine: (line: string) => void;
}

export interface CommandFailure {
  readonly code: ExitCodeName;
  /** The end of a sentence that begins with the command. */
  readonly reason: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/** Time that a program gets between the request to end and the end. */
const killAfterMs = 2_000;

/**
 * Runs a program to its end, without a shell and in a process group of its own; undefined when it ended with 0. On abort the whole group is asked to end,
 * then killed, and the signal's reason is thrown.
 */
export async function runCommand([program, ...args]: readonly [string, ...string[]], { cwd, env, signal, onLine }: CommandOptions): Promise<CommandFailure | undefined> {
  signal?.throwIfAborted();
  const child = spawn(program, args, { cwd, env: { ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true, windowsHide: true });
  const stop = (): void => endGroup(child);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const told = Promise.all([tell(child.stdout, onLine), tell(child.stderr, onLine)]);
    const end = await endOf(child);
    if ("exitCode" in end) await told;
    signal?.throwIfAborted();
    return toFailure(end);
  } finally {
    signal?.removeEventListener("abort", stop);
    // The program may have ended before what it had started.
    if (signal?.aborted === true) signalGroup(child, "SIGKILL");
  }
}

async function tell(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) onLine(line);
}

type End = { readonly exitCode: number | null; readonly killedBy: NodeJS.Signals | null } | { readonly error: NodeJS.ErrnoException };

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("close", (exitCode, killedBy) => resolve({ exitCode, killedBy }));
  });
}

function toFailure(end: End): CommandFailure | undefined {
  if ("error" in end) {
    const { code, message } = end.error;
    if (code === "ENOENT") return { code: "dependency", reason: "could not be started: there is no such program or folder", hint: "Install it, or correct migrations.hooks in the config.", cause: end.error };
    return { code: code === "EACCES" ? "permission" : "general", reason: `could not be started: ${message}`, hint: "Make it executable for this user.", cause: end.error };
  }
  const { exitCode, killedBy } = end;
  if (exitCode === 0) return undefined;
  return { code: "checkFailed", reason: killedBy === null ? `ended with exit code ${exitCode}` : `was ended by ${killedBy}`, hint: "Its output is in the log above; correct it, then run it again." };
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const clock = setTimeout(() => signalGroup(child, "SIGKILL"), killAfterMs);
  child.once("close", () => clearTimeout(clock));
}

/** Windows has no process groups: there the program alone is ended. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
