import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess } from "@org/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

// The CI run with small shell scripts in place of npm, npx and the tools: only its counting is tried here.
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ci-run-"));
  cpSync(join(import.meta.dirname, "../../../.ci/run"), join(root, ".ci/run"));
  program("tools/ci-packages.sh", "echo promtool");
});
afterEach(() => rmSync(root, { recursive: true }));

function program(file: string, body: string): void {
  mkdirSync(join(root, file, ".."), { recursive: true });
  writeFileSync(join(root, file), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

interface Outcome {
  readonly exitCode: number | null;
  readonly last: string | undefined;
}

async function ciRun(npm: string, npx: string): Promise<Outcome> {
  program("bin/npm", npm);
  program("bin/npx", npx);
  const { exitCode, stdout } = await runProcess(join(root, ".ci/run"), [], { env: { PATH: `${join(root, "bin")}:${process.env["PATH"]}` } });
  return { exitCode, last: stdout.trimEnd().split("\n").at(-1) };
}

const gates = 9;
const tests = 'if [ "$1" = test ]; then echo "12 passed, 0 failed"; fi';

test("counts every test and every gate", async () => {
  expect(await ciRun(tests, "exit 0")).toEqual({ exitCode: 0, last: `${12 + gates} passed, 0 failed` });
});

test("goes on after a gate that fails, and fails at the end", async () => {
  const { exitCode, last } = await ciRun(tests, 'case "$*" in *knip*) exit 1 ;; esac');
  expect({ exitCode, last }).toEqual({ exitCode: 1, last: `${12 + gates - 1} passed, 1 failed` });
});

test("failed tests fail it", async () => {
  const npm = 'if [ "$1" = test ]; then echo "12 passed, 2 failed"; exit 1; fi';
  expect(await ciRun(npm, "exit 0")).toEqual({ exitCode: 1, last: `${12 + gates} passed, 2 failed` });
});

test.each([
  ["tests that end without a count", "exit 0"],
  ["tests that count nothing", 'if [ "$1" = test ]; then echo "0 passed, 0 failed"; fi'],
])("%s fail it", async (_name, npm) => {
  expect(await ciRun(npm, "exit 0")).toEqual({ exitCode: 1, last: `${gates} passed, 1 failed` });
});

test("a count of success with a failing exit code fails it", async () => {
  expect(await ciRun(`${tests}; exit $([ "$1" = test ] && echo 1 || echo 0)`, "exit 0")).toMatchObject({ exitCode: 1, last: `${12 + gates} passed, 1 failed` });
});

test("nothing that can be run is a failure of everything", async () => {
  expect(await ciRun("exit 127", "exit 127")).toEqual({ exitCode: 1, last: `0 passed, ${gates + 1} failed` });
});
