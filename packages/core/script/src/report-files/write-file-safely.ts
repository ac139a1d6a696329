import { randomUUID } from "node:crypto";
import { closeSync, constants, fstatSync, fsync, lstatSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isScriptError, ScriptError, type ExitCodeName } from "@org/exit-codes";

/**
 * Puts a text into a file in one step, readable by its owner only unless `mode` says otherwise: a reader sees the old text or the new one, also when
 * this process is killed. The folder must exist. Throws ScriptError(permission) for a target that is a symbolic link,
 * belongs to another user or is no regular file, and a ScriptError that names the path for whatever else prevents it.
 */
export async function writeFileSafely(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const owner = await writeNewFile(temporary, text, mode);
    refuseForeign(path, owner);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw isScriptError(error) ? error : writeError(path, error);
  }
}

/** Returns the user id that the new file has, which is this process's own wherever there are user ids. */
async function writeNewFile(path: string, text: string, mode: number): Promise<number> {
  // Each asynchronous call would wait for a turn of the thread pool, longer than the call itself takes; only the wait for the disk is long.
  const file = openNewFile(path, mode);
  try {
    writeFileSync(file, text);
    await waitForDisk(file);
    return fstatSync(file).uid;
  } finally {
    closeSync(file);
  }
}

function waitForDisk(file: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(file, (error) => (error === null ? resolve() : reject(error))));
}

/** Opens a file that nobody has made before; whatever stands at the path, a link too, makes it fail with EEXIST. Gives its descriptor. */
export function openNewFile(path: string, mode: number): number {
  // Windows has no O_NOFOLLOW, and no symbolic links that an ordinary user may plant.
  return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), mode);
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first error is the one to report; a folder that refuses the removal has refused the write before it.
  }
}

/** A rename replaces a link rather than follow it; refusing tells the user that somebody has planted it. */
export function refuseForeign(path: string, owner: number): void {
  const target = lstatSync(path, { throwIfNoEntry: false });
  if (target === undefined) return;
  const reason = target.isSymbolicLink()
    ? "it is a symbolic link"
    : !target.isFile()
      ? "it is not a regular file"
      : target.uid !== owner
        ? `it belongs to another user (uid ${target.uid})`
        : undefined;
  if (reason === undefined) return;
  throw new ScriptError("permission", `${path} is not written: ${reason}`, { hint: "Remove it, or choose another path." });
}

const causes: Readonly<Record<string, readonly [ExitCodeName, string, string]>> = {
  EACCES: ["permission", "the folder may not be written", "Give this user the right to write there, or choose another folder."],
  EPERM: ["permission", "the folder may not be written", "Give this user the right to write there, or choose another folder."],
  EROFS: ["permission", "the file system is read-only", "Choose a folder on another file system."],
  ENOENT: ["configuration", "its folder does not exist", "Create the folder, or choose another one."],
  ENOTDIR: ["configuration", "its folder is a file", "Choose another folder."],
  ENAMETOOLONG: ["configuration", "its name is too long", "Choose a shorter one."],
  ENOSPC: ["general", "the disk is full", "Free some space, or choose a folder on another disk."],
  EDQUOT: ["general", "the user's quota is used up", "Free some space, or choose a folder on another disk."],
  EFBIG: ["general", "it is larger than this process may write", "Raise the limit of file sizes (ulimit -f)."],
};

function writeError(path: string, error: unknown): unknown {
  const known = causes[(error as NodeJS.ErrnoException).code ?? ""];
  if (known === undefined) return error;
  const [code, reason, hint] = known;
  return new ScriptError(code, `${path} cannot be written: ${reason}`, { hint, cause: error });
}
