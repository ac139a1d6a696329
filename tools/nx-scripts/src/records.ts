import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The variable that tells the tasks of one Nx run where to leave their exit codes. */
export const recordsVariable = "NX_SCRIPTS_RECORDS";

/** The folder of one Nx run: two runs at the same time do not see each other's codes. */
export function recordsFolder(workspaceRoot: string, runId: string): string {
  return join(workspaceRoot, ".nx", "scripts", runId);
}

/** Writes the exit code of a task; the task is named as Nx names it, `project:target`. */
export function writeRecord(folder: string, task: string, exitCode: number): void {
  writeFileSync(codeFile(folder, task), String(exitCode));
}

/** The exit code that a task left, if it left one. */
export function readRecord(folder: string, task: string): number | undefined {
  const file = codeFile(folder, task);
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}

/** All exit codes of the run. */
export function readRecords(folder: string): number[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".code"))
    .map((file) => Number(readFileSync(join(folder, file), "utf8")));
}

/** Where an attempt keeps what the script printed. */
export function attemptLog(folder: string, task: string): string {
  return join(folder, `${encodeURIComponent(task)}.log`);
}

function codeFile(folder: string, task: string): string {
  return join(folder, `${encodeURIComponent(task)}.code`);
}
