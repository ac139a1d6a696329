import { constants } from "node:fs";
import { open, readdir, type FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";

const extension = ".json";

export interface RawPart {
  /** The text of the part, or why it cannot be used. */
  readonly text?: string;
  readonly problem?: string;
}

export function partFile(folder: string, name: string): string {
  return join(folder, `${name}${extension}`);
}

/** All parts in a folder by name, sorted. Files that begin with a dot are still being written. */
export async function readParts(folder: string): Promise<ReadonlyMap<string, RawPart>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(extension) && !file.startsWith("."));
  const parts = await Promise.all(files.toSorted().map(async (file) => [basename(file, extension), await readPart(join(folder, file))] as const));
  return new Map(parts);
}

async function readPart(path: string): Promise<RawPart> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a planted pipe would hold this process for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    if (!(await file.stat()).isFile()) return { problem: "it is not a regular file" };
    return { text: await file.readFile("utf8") };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: code === "ELOOP" ? "it is a symbolic link" : message };
  } finally {
    await file?.close();
  }
}
