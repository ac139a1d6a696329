import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the operating system counts it; compared, never parsed. */
  readonly startedAt: string;
}

/** The identity of a live process; undefined when there is none with that pid (a zombie has ended). */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === "linux" ? startTicks(pid) : startDate(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.startedAt === identity.startedAt;
}

/** The command line of a process, where this user may see it. */
export function processCommand(pid: number): string | undefined {
  if (process.platform !== "linux") return askPs(pid, "command=");
  const commandLine = readProc(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim();
  return commandLine || readProc(`/proc/${pid}/comm`)?.trim();
}

function startTicks(pid: number): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  // The second field is the command in parentheses and may hold anything, also parentheses.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return state === "Z" || state === "X" ? undefined : fields[18];
}

function startDate(pid: number): string | undefined {
  return askPs(pid, "lstart=");
}

function askPs(pid: number, column: string): string | undefined {
  try {
    return execFileSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8", env: { PATH: "/bin:/usr/bin", LC_ALL: "C" }, stdio: ["ignore", "pipe", "ignore"] }).trim() || undefined;
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return undefined;
    throw error;
  }
}
