import { readFile } from "node:fs/promises";
import { ScriptError } from "@org/exit-codes";

/** The text of a file; undefined when it does not exist. Throws ScriptError(permission) when it is another user's. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "EACCES" || code === "EPERM") throw foreignFile(file, error);
    throw error;
  }
}

/** The error for a file or a folder that this user may not use. */
export function foreignFile(path: string, cause: unknown): ScriptError {
  return new ScriptError("permission", `${path} cannot be used by this user`, { hint: "Run this as the user who started the servers, or choose another state folder with STATE_DIR.", cause });
}
