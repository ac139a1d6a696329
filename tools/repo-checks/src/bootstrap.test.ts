import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess, startProcess, type ProcessResult } from "@org/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

// A clone whose npm, nx and node are small shell scripts that note how they were called.
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "bootstrap-"));
  cpSync(join(import.meta.dirname, "../../bootstrap.mjs"), join(clone, "tools/bootstrap.mjs"));
  writeFileSync(join(clone, "package-lock.json"), "{}");
  program("outside/npm", `mkdir -p node_modules/.bin && touch node_modules/.package-lock.json && cp inside/* node_modules/.bin`);
  program("inside/nx", `echo "$PRINT"`);
  program("inside/node", `case "$1" in -e) exit 0 ;; esac; exit "$PLATFORM_CODE"`);
});
afterEach(() => rmSync(clone, { recursive: true }));

function program(file: string, body: string): void {
  mkdirSync(join(clone, file, ".."), { recursive: true });
  const note = `case "$1" in -e) ;; *) echo "$(basename "$0") $*" >> trace.txt ;; esac`;
  writeFileSync(join(clone, file), `#!/bin/sh\n${note}\n${body}\n`, { mode: 0o755 });
}

async function bootstrap(command: string, env: Readonly<Record<string, string>> = {}): Promise<ProcessResult> {
  return runProcess(process.execPath, [join(clone, "tools/bootstrap.mjs"), command], { cwd: tmpdir(), env: environment(env) });
}

function environment(env: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: `${join(clone, "outside")}:${process.env["PATH"]}`, PLATFORM_CODE: "0", PRINT: "", ...env };
}

function trace(): string[] {
  const file = join(clone, "trace.txt");
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  rmSync(file, { force: true });
  return lines;
}

const started = ["nx run-many -t build", "node -- packages/control/platform/bin/platform.js up --install"];

test("start installs, builds and brings the platform up; the second one installs nothing", async () => {
  expect((await bootstrap("start")).exitCode).toBe(0);
  expect(trace()).toEqual(["npm ci --loglevel=error", ...started]);
  expect((await bootstrap("start")).exitCode).toBe(0);
  expect(trace()).toEqual(started);
});

test("installs again when the lock is newer than what is installed", async () => {
  await bootstrap("stop");
  trace();
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(clone, "package-lock.json"), later, later);
  await bootstrap("stop");
  expect(trace()[0]).toBe("npm ci --loglevel=error");
});

test("passes the exit code of the platform on", async () => {
  expect((await bootstrap("start", { PLATFORM_CODE: "4" })).exitCode).toBe(4);
});

test("goes no further than an installation that fails", async () => {
  program("outside/npm", "exit 7");
  expect((await bootstrap("start")).exitCode).toBe(7);
  expect(trace()).toEqual(["npm ci --loglevel=error"]);
});

test("shows what a failed build printed, and starts nothing", async () => {
  program("inside/nx", 'echo "error TS1"; exit 1');
  const { exitCode, stderr } = await bootstrap("start");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("error TS1");
  expect(trace()).toEqual(["npm ci --loglevel=error", started[0]]);
});

test("a build that succeeds is silent on stdout", async () => {
  expect((await bootstrap("start", { PRINT: "built" })).stdout).toBe("");
});

test("counts the tests, also after a failure", async () => {
  program("inside/nx", "exit 1");
  expect((await bootstrap("test")).exitCode).toBe(1);
  expect(trace().at(-1)).toBe("node tools/repo-checks/src/bin/test-summary.ts");
});

test("passes a signal on and waits for the end", async () => {
  program("inside/node", `case "$1" in -e) exit 0 ;; esac; trap 'echo stopped; exit 143' TERM; echo ready; while :; do sleep 0.05; done`);
  const child = startProcess(process.execPath, [join(clone, "tools/bootstrap.mjs"), "start"], { env: environment({}) });
  await child.output(/ready/);
  child.kill("SIGTERM");
  expect(await child.done).toMatchObject({ exitCode: 143, stdout: "ready\nstopped\n" });
});

test("an unknown word is refused", async () => {
  expect((await bootstrap("strat")).exitCode).toBe(3);
});
