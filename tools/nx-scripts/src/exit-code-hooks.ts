import { mkdirSync, rmSync } from "node:fs";
import type { PostTasksExecution, PreTasksExecution } from "@nx/devkit";
// By path: Nx loads the plugin before anything is built.
import { exitCodes, worstExitCode } from "../../../packages/core/exit-codes/src/index.ts";
import { readRecord, readRecords, recordsFolder, recordsVariable, writeRecord } from "./records.ts";

/**
 * Opens the folder in which the tasks of this run leave their exit codes. After a Ctrl-C Nx ends them with SIGTERM, so
 * their codes do not tell that the run was interrupted: that is recorded here.
 */
export const preTasksExecution: PreTasksExecution = async (_options, { id, workspaceRoot }) => {
  const folder = recordsFolder(workspaceRoot, id);
  mkdirSync(folder, { recursive: true });
  process.env[recordsVariable] = folder;
  process.once("SIGINT", () => writeRecord(folder, "nx", exitCodes.interrupted));
};

/**
 * Ends Nx with the worst exit code of the scripts that it ran. Nx itself knows 0, 1 and, when dependents of a failed
 * task were skipped, 130. A failed task that left no code (a build, a script that was killed) counts as 1.
 */
export const postTasksExecution: PostTasksExecution = async (_options, { id, workspaceRoot, taskResults }) => {
  const folder = recordsFolder(workspaceRoot, id);
  const failed = Object.keys(taskResults).filter((task) => taskResults[task]?.status === "failure");
  const unrecorded = failed.filter((task) => readRecord(folder, task) === undefined);
  const worst = worstExitCode([...readRecords(folder), ...unrecorded.map(() => exitCodes.general)]);
  rmSync(folder, { recursive: true });
  if (worst !== exitCodes.success) process.on("exit", () => (process.exitCode = worst));
};
