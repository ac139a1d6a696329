import { mkdir } from "node:fs/promises";
import type { Logger } from "@org/logging";
import { partFile, readParts, type RawPart } from "./parts.ts";
import { writeFileSafely } from "./write-file-safely.ts";

export interface Publication<Part> {
  /** The folder of the parts; made when it is not there. */
  readonly partsDir: string;
  /** Names this writer's part; a later part of the same name replaces it. */
  readonly partName: string;
  readonly part: Part;
  /** The file that holds all parts, merged. */
  readonly target: string;
  /** Who may read that file; its owner only by default. */
  readonly mode?: number;
  /** Whether a value read from a file is a part of this name. */
  readonly isPart: (value: unknown, name: string) => value is Part;
  /** Must depend on nothing but the parts, so that all writers write the same. */
  readonly merge: (parts: ReadonlyMap<string, Part>) => string;
  readonly logger: Logger;
}

/**
 * Writes one part of a file that several processes write at once, without a lock, and loses no part.
 *
 * Why nothing is lost: each writer has put its part down before it first writes the target, and it stops only when the
 * parts that it merged are still the parts that are there. Take the write of the target that comes last of all. A part
 * that it does not hold came after its writer had read the parts; had it come before that writer looked again, the
 * writer would have written once more; had it come later, its own writer would have written the target later. Either
 * way the write would not have been the last.
 *
 * Parts that cannot be read are named in a warning and left out. Throws what `writeFileSafely` throws.
 */
export async function publishMerged<Part>(publication: Publication<Part>): Promise<void> {
  const { partsDir, partName, part, target } = publication;
  await mkdir(partsDir, { recursive: true, mode: 0o700 });
  await writeFileSafely(partFile(partsDir, partName), JSON.stringify(part));
  const usable = partReader(publication);
  let present = await readParts(partsDir);
  for (;;) {
    await writeFileSafely(target, publication.merge(usable(present)), publication.mode);
    const merged = present;
    present = await readParts(partsDir);
    if (sameParts(merged, present)) return;
  }
}

/** Warns once of each part that it leaves out, however often the parts are read. */
function partReader<Part>({ isPart, logger, partsDir, target }: Publication<Part>): (raw: ReadonlyMap<string, RawPart>) => ReadonlyMap<string, Part> {
  const warned = new Set<string>();
  const leaveOut = (name: string, problem: string): void => {
    if (warned.has(name)) return;
    warned.add(name);
    logger.warning(`${partFile(partsDir, name)} is left out of ${target}: ${problem}.`);
  };
  return (raw) => {
    const parts = new Map<string, Part>();
    for (const [name, { text, problem }] of raw) {
      const value = text === undefined ? undefined : parse(text);
      if (value !== undefined && isPart(value, name)) parts.set(name, value);
      else leaveOut(name, problem ?? (value === undefined ? "it is not JSON" : "it is not a part of this file"));
    }
    return parts;
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON has no undefined, so the caller can tell, and warns.
    return undefined;
  }
}

function sameParts(a: ReadonlyMap<string, RawPart>, b: ReadonlyMap<string, RawPart>): boolean {
  return a.size === b.size && [...a].every(([name, { text, problem }]) => b.get(name)?.text === text && b.get(name)?.problem === problem);
}
