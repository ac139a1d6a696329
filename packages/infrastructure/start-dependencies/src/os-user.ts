import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { ScriptError } from "@org/exit-codes";

/** The user that a server runs as when the caller is root. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root: for root this is the user `postgres`, else `nobody`; for others undefined, which means oneself. */
export async function postgresOsUser(): Promise<OsUser | undefined> {
  if (userInfo().uid !== 0) return undefined;
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const [name, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (name !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new ScriptError("dependency", "Postgres refuses to run as root, and this system has neither a user postgres nor nobody", {
    hint: "Create an ordinary user, or run this command as one.",
  });
}

/** Whether the user can enter the folder: every parent on the way counts, access control lists too. */
export function canEnter(folder: string, user: OsUser): boolean {
  return tryAs(user, 'cd -- "$1"', folder);
}

/** Whether the user can run the program. */
export function canExecute(program: string, user: OsUser): boolean {
  return tryAs(user, 'test -x "$1"', program);
}

function tryAs({ uid, gid }: OsUser, script: string, path: string): boolean {
  return spawnSync("/bin/sh", ["-c", script, "sh", path], { uid, gid, cwd: "/", stdio: "ignore", env: {} }).status === 0;
}
