import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Report } from "../report.ts";
import { writeFileSafely } from "./write-file-safely.ts";

const kept = 200;
const abandonedAfterMs = 60 * 60 * 1_000;

/** Keeps the full report of one run in `folder`, with the newest 200 of all runs. Throws what `writeFileSafely` throws. */
export async function writeRunFile(folder: string, report: Report, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileSafely(join(folder, runFileName(report)), text);
  await prune(folder);
}

/** Begins with the time, so that names sort by age. */
function runFileName({ run, script }: Report): string {
  const time = run.startedAt.replace(/\.\d+/u, "").replaceAll(/[-:]/gu, "");
  return `${time}-${script}-${run.id}.json`;
}

async function prune(folder: string): Promise<void> {
  const files = await readdir(folder);
  const runs = files.filter((file) => /^\d{8}T\d{6}Z-.*\.json$/u.test(file)).toSorted();
  const abandoned = await Promise.all(files.filter((file) => /^\..*\.tmp$/u.test(file)).map((file) => isAbandoned(join(folder, file)).then((is) => (is ? [file] : []))));
  const superfluous = [...runs.slice(0, Math.max(0, runs.length - kept)), ...abandoned.flat()];
  // A run that ends at the same moment prunes the same files: `force` takes a missing file for removed.
  await Promise.all(superfluous.map((file) => rm(join(folder, file), { force: true })));
}

/** A temporary file of a run that was killed while it wrote; one that is being written lives for milliseconds. */
async function isAbandoned(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > abandonedAfterMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
