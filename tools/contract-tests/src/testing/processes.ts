import { readdirSync, readFileSync } from "node:fs";

/** The pids of the processes that descend from a process. */
export function descendants(pid: number): number[] {
  const parents = new Map(readdirSync("/proc").filter((name) => /^\d+$/u.test(name)).map((name) => [Number(name), parentOf(Number(name))]));
  const children = (of: number): number[] => [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...children(child)]);
  return children(pid);
}

export function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything; what comes after the last one is numbers. A zombie has ended.
  const [state, parent] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return state === undefined || state === "Z" ? undefined : Number(parent);
}

/** The arguments of a process as other users see them; undefined when it has ended. */
export function commandLine(pid: number): string | undefined {
  return read(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim();
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended between the listing and the reading.
    return undefined;
  }
}
