import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Replaces a file in one step, readable by its owner only: a reader sees the old text or the new one, also after a crash. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const next = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  try {
    const handle = await open(next, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
