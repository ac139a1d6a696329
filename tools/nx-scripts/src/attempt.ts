// Runs a script that others wait for, and succeeds as soon as it has ended by itself: `attempt.ts <bin> [arguments]`.
// It keeps silent: its output and its exit code are shown by the verdict, which fails where the script failed.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { attemptLog, recordsVariable, writeRecord } from "./records.ts";

const { [recordsVariable]: folder, NX_TASK_TARGET_PROJECT: project, NX_TASK_TARGET_TARGET: target } = process.env;
if (folder === undefined) throw new Error(`attempt.ts runs inside Nx only: ${recordsVariable} is not set.`);

const task = `${project}:${target}`;
const log = openSync(attemptLog(folder, task), "w", 0o600);
// A process group of its own: Ctrl-C in a terminal reaches the script once, through the handlers below.
const child = spawn(process.execPath, ["--", ...process.argv.slice(2)], { stdio: ["inherit", log, log], detached: true });
closeSync(log);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  let forwarded = false;
  process.on(signal, () => {
    if (!forwarded) child.kill(signal);
    forwarded = true;
  });
}
child.on("exit", (code, signal) => {
  writeRecord(folder, task, code ?? 128 + constants.signals[signal as NodeJS.Signals]);
  if (signal !== null) process.exitCode = 128 + constants.signals[signal];
});
