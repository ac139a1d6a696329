import { randomUUID } from "node:crypto";
import { lstat, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isScriptError, ScriptError } from "@org/exit-codes";
import { refuseForeign, writeFileSafely } from "./write-file-safely.ts";

/**
 * Throws what `writeFileSafely` would throw for this path, before there is a text to write, and leaves nothing behind.
 * What changes until then, such as a disk that fills up, it cannot know.
 */
export async function refuseUnwritable(path: string): Promise<void> {
  // No shorter than the name of the file: the system has to find both too long, or neither.
  const probe = join(dirname(path), `.${randomUUID()}`.padEnd(Buffer.byteLength(basename(path)), "-"));
  await ownerOfNewFile(probe).then(
    (owner) => refuseForeign(path, owner),
    (error: unknown) => {
      throw isScriptError(error) ? toldOf(path, probe, error) : error;
    },
  );
}

function toldOf(path: string, probe: string, { code, message, hint, cause }: ScriptError): ScriptError {
  return new ScriptError(code, message.replace(probe, () => path), { ...(hint === undefined ? {} : { hint }), cause });
}

/** Writing a file is the one proof that the folder takes it: rights, read-only file systems and users that a mount maps all count. */
async function ownerOfNewFile(path: string): Promise<number> {
  await writeFileSafely(path, "");
  try {
    return (await lstat(path)).uid;
  } finally {
    await rm(path, { force: true });
  }
}
