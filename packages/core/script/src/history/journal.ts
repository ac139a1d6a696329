import { mkdir, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { writeFileSafely } from "../report-files/write-file-safely.ts";
import type { Report } from "../report.ts";

/** Writes the run into the journal, whence flushJournal brings it into the database. Gives the path of its file. */
export async function journalRun(stateDir: string, report: Report): Promise<string> {
  const folder = journalFolder(stateDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${report.run.id}.json`);
  await writeFileSafely(path, JSON.stringify(report));
  return path;
}

/** The files of the runs that wait, the oldest run first. */
export async function waitingRuns(stateDir: string): Promise<string[]> {
  const folder = journalFolder(stateDir);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isFile() && runFile.test(entry.name)).map((entry) => entry.name);
  return names.toSorted().map((name) => join(folder, name));
}

/** Ends the waiting of a run; one that another process has taken meanwhile is as good. */
export async function removeRun(path: string): Promise<void> {
  await unlink(path).catch(ignoreAbsence);
}

/** Puts a run that the database cannot take beside the waiting ones, where a person can look at it. Gives its new path. */
export async function rejectRun(stateDir: string, path: string): Promise<string> {
  const folder = join(journalFolder(stateDir), "rejected");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = join(folder, path.slice(journalFolder(stateDir).length + 1));
  await rename(path, target).catch(ignoreAbsence);
  return target;
}

// Ids of runs are UUIDs of version 7, so the names sort by time. What is being written has another ending.
const runFile = /^[0-9a-f-]{36}\.json$/;

function journalFolder(stateDir: string): string {
  return join(stateDir, "journal");
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
