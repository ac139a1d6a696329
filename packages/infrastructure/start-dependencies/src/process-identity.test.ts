import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isRunning, processCommand, processIdentity } from "./process-identity.ts";

test("a live process is recognised, with its command", () => {
  const identity = processIdentity(process.pid);
  expect(identity).toMatchObject({ pid: process.pid });
  expect(isRunning(identity!)).toBe(true);
  expect(processCommand(process.pid)).toContain("node");
});

test("a later process with the same pid is another one", () => {
  expect(isRunning({ pid: process.pid, startedAt: "1" })).toBe(false);
});

test("an ended process is gone, also while nobody has waited for it", async () => {
  // The shell never waits for its child, which stays a zombie until the shell ends.
  const shell = spawn("sh", ["-c", 'sleep 0 & echo $!; exec sleep 30'], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  await expect.poll(() => processIdentity(Number(line.toString()))).toBeUndefined();
  shell.kill("SIGKILL");
  await once(shell, "exit");
  expect(processIdentity(shell.pid!)).toBeUndefined();
});
