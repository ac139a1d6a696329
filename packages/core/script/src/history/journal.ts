import { mkdirSync, readdirSync, renameSync, rmSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { writeFileSafely } from "../report-files/write-file-safely.ts";
import type { Report } from "../report.ts";

/** Writes the run into the journal, whence flushJournal brings it into the database. Gives the path of its file. */
export async function journalRun(stateDir: string, report: Report, text: string = JSON.stringify(report)): Promise<string> {
  const folder = journalFolder(stateDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${report.run.id}.json`);
  await writeFileSafely(path, text);
  return path;
}

/** The files of the runs that wait, the oldest run first. */
export function waitingRuns(stateDir: string): string[] {
  const folder = journalFolder(stateDir);
  const names = entriesOf(folder).filter((entry) => entry.isFile() && runFile.test(entry.name)).map((entry) => entry.name);
  return names.toSorted().map((name) => join(folder, name));
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    ignoreAbsence(error as NodeJS.ErrnoException);
    return [];
  }
}

/** Ends the waiting of a run; one that another process has taken meanwhile is as good. */
export function removeRun(path: string): void {
  rmSync(path, { force: true });
}

/** Puts a run that the database cannot take beside the waiting ones, where a person can look at it. Gives its new path. */
export function rejectRun(stateDir: string, path: string): string {
  const folder = join(journalFolder(stateDir), "rejected");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const target = join(folder, path.slice(journalFolder(stateDir).length + 1));
  try {
    renameSync(path, target);
  } catch (error) {
    ignoreAbsence(error as NodeJS.ErrnoException);
  }
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
