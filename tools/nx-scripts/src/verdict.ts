// The verdict on an attempt that has ended: what it printed, and its exit code.
import { readFileSync } from "node:fs";
import { exitCodes } from "../../../packages/core/exit-codes/src/index.ts";
import { attemptLog, readRecord, recordsVariable } from "./records.ts";
import { attemptOf } from "./targets.ts";

const { [recordsVariable]: folder, NX_TASK_TARGET_PROJECT: project, NX_TASK_TARGET_TARGET: target } = process.env;
if (folder === undefined) throw new Error(`verdict.ts runs inside Nx only: ${recordsVariable} is not set.`);

const attempt = `${project}:${attemptOf(target ?? "")}`;
process.stdout.write(readFileSync(attemptLog(folder, attempt)));
process.exitCode = readRecord(folder, attempt) ?? exitCodes.general;
