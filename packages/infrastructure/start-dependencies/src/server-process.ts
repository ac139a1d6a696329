import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ScriptError } from "@org/exit-codes";
import type { OsUser } from "./os-user.ts";
import { isRunning, processIdentity, type ProcessIdentity } from "./process-identity.ts";

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Both streams are appended here. */
  readonly logFile: string;
  readonly osUser?: OsUser | undefined;
}

export interface ServerProcess extends ProcessIdentity {
  /** Set once the process has ended, as long as the process that started it lives. */
  readonly exit: () => string | undefined;
}

/** Starts a server that outlives this process, in a session of its own so that Ctrl-C does not reach it. */
export async function spawnServer({ command, args, env, cwd, logFile, osUser }: ServerCommand): Promise<ServerProcess> {
  const log = await open(logFile, "a", 0o600);
  try {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      ...(osUser && { uid: osUser.uid, gid: osUser.gid }),
    });
    const exit = watchExit(child);
    await once(child, "spawn");
    child.unref();
    const pid = child.pid as number;
    return { pid, startedAt: processIdentity(pid)?.startedAt ?? "ended at once", exit };
  } catch (error) {
    throw new ScriptError("dependency", `${command} could not be started: ${(error as Error).message}`, { cause: error });
  } finally {
    await log.close();
  }
}

function watchExit(child: ChildProcess): () => string | undefined {
  let ended: string | undefined;
  child.once("exit", (code, signal) => (ended = signal === null ? `exit code ${code}` : `signal ${signal}`));
  return () => ended;
}

export type Readiness<Evidence> = ({ readonly ready: true } & Evidence) | { readonly ready: false; readonly reason: string };

export interface WaitOptions<Evidence> {
  /** What is waited for, such as "Postgres". */
  readonly name: string;
  readonly probe: () => Promise<Readiness<Evidence>>;
  readonly process: Pick<ServerProcess, "exit">;
  readonly logFile: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks until the server is ready; a server that ended, or is not ready in time, ends with its last log lines. */
export async function waitUntilReady<Evidence>(options: WaitOptions<Evidence>): Promise<{ readonly ready: true } & Evidence> {
  const { name, probe, logFile, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (let pause = 20; ; pause = Math.min(pause * 2, 250)) {
    signal?.throwIfAborted();
    const answer = await probe();
    if (answer.ready) return answer;
    const exit = options.process.exit();
    if (exit !== undefined) throw await notReady(`${name} ended while it started (${exit})`, logFile);
    if (performance.now() > deadline) throw await notReady(`${name} was not ready after ${timeoutMs / 1000} s: ${answer.reason}`, logFile);
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

async function notReady(message: string, logFile: string): Promise<ScriptError> {
  const lines = await lastLines(logFile, 10);
  return new ScriptError("connection", [`${message}. Its last lines:`, ...lines.map((line) => `  ${line}`)].join("\n"), { hint: `Read the whole log in ${logFile}.` });
}

/** The last lines of a log file; none when it does not exist. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  try {
    return (await readFile(file, "utf8")).trimEnd().split("\n").slice(-count);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly patienceMs: number;
}

/** Sends each signal in turn until the process has ended. False when it outlived them all. */
export async function stopProcess(identity: ProcessIdentity, steps: readonly StopStep[]): Promise<boolean> {
  for (const { signal, patienceMs } of steps) {
    if (!isRunning(identity)) return true;
    signalProcess(identity.pid, signal);
    const deadline = performance.now() + patienceMs;
    while (isRunning(identity) && performance.now() < deadline) await sleep(20);
  }
  return !isRunning(identity);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
