// Loaded into the process of a script (`node --import`), so that signals, stdin and stdout stay the script's own.
// Nx knows success and failure only: the code itself is left in a file, from which the plugin takes it up.
import { isMainThread } from "node:worker_threads";
import { recordsVariable, writeRecord } from "./records.ts";

const { [recordsVariable]: folder, NX_TASK_TARGET_PROJECT: project, NX_TASK_TARGET_TARGET: target } = process.env;

if (isMainThread && folder !== undefined) process.on("exit", (code) => writeRecord(folder, `${project}:${target}`, code));
