import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../report.ts";
import { writeFileSafely } from "./write-file-safely.ts";

const kept = 200;
const abandonedAfterMs = 60 * 60 * 1_000;

/** Keeps the full report of one run in `folder`, with the newest 200 of all runs. Throws what `writeFileSafely` throws. */
export async function writeRunFile(folder: string, report: Report, text: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await writeFileSafely(join(folder, runFileName(report)), text);
  prune(folder);
}

/** Begins with the time, so that names sort by age. */
function runFileName({ run, script }: Report): string {
  const time = run.startedAt.replace(/\.\d+/u, "").replaceAll(/[-:]/gu, "");
  return `${time}-${script}-${run.id}.json`;
}

function prune(folder: string): void {
  const files = readdirSync(folder);
  const runs = files.filter((file) => /^\d{8}T\d{6}Z-.*\.json$/u.test(file)).toSorted();
  const abandoned = files.filter((file) => /^\..*\.tmp$/u.test(file) && isAbandoned(join(folder, file)));
  // A run that ends at the same moment prunes the same files: `force` takes a missing file for removed.
  for (const file of [...runs.slice(0, Math.max(0, runs.length - kept)), ...abandoned]) rmSync(join(folder, file), { force: true });
}

/** A temporary file of a run that was killed while it wrote; one that is being written lives for milliseconds. */
function isAbandoned(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs;
}
