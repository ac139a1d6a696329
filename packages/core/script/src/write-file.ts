/**
 * Puts a text into a file in one step: a reader sees the old text or the new one. The folder must exist. Throws
 * ScriptError for a target that is a symbolic link, belongs to another user or cannot be written.
 */
export async function writeFileSafely(path: string, text: string, mode?: number): Promise<void> {
  // At its first use only: node:crypto would be the dearest module of every --help.
  const files = await import("./report-files/write-file-safely.ts");
  return files.writeFileSafely(path, text, mode);
}

/** Throws the ScriptError that `writeFileSafely` would throw for this path as things are, and leaves nothing behind. */
export async function refuseUnwritable(path: string): Promise<void> {
  const files = await import("./report-files/refuse-unwritable.ts");
  return files.refuseUnwritable(path);
}
