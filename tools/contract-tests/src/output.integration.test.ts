// What the streams hold: the result on stdout, the story on stderr. Needs Postgres and a cache.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test as plainTest } from "vitest";
import { problemsOfJson, problemsOfLog } from "./contract.ts";
import { withPreparedPlatform, type PreparedPlatform } from "./prepared.ts";
import { runScript, startScript } from "./run.ts";
import { scripts } from "./scripts.ts";
import { plainArguments } from "./situations.ts";

const test = plainTest.extend<{ platform: PreparedPlatform }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
  platform: [async ({}, use) => withPreparedPlatform(use), { scope: "file" }],
});

const levels = (stderr: string): string[] => [...new Set([...stderr.matchAll(/^\[[^\]]*\] \[([A-Z]+)\]/gmu)].map(([, level]) => level!))];

test.for(scripts)("$name: success ends with 0 and a report", async (script, { platform }) => {
  const { exitCode, report, stderr } = await runScript(script, plainArguments(script), { place: platform, env: platform.urls });
  expect(exitCode, stderr).toBe(0);
  expect(report!.verdict).toMatch(/pass|warn/u);
  expect(report!.counts.ran).toBeGreaterThan(0);
});

test.for(scripts)("$name: LOG_LEVEL chooses what is told", async (script, { platform }) => {
  const debug = await runScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, LOG_LEVEL: "DEBUG" } });
  const error = await runScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, LOG_LEVEL: "ERROR" } });
  const flag = await runScript(script, [...plainArguments(script), "--log-level", "error"], { place: platform, env: { ...platform.urls, LOG_LEVEL: "DEBUG" } });
  if (script.manifest.target === "verify") expect(levels(debug.stderr)).toContain("DEBUG");
  expect(levels(error.stderr)).toEqual([]);
  // The platform's children keep to the environment: the flag is for its own story.
  if (script.name !== "platform") expect(levels(flag.stderr)).toEqual([]);
});

test.for(scripts)("$name: LOG_FORMAT=json makes every line an object", async (script, { platform }) => {
  const { exitCode } = await runScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, LOG_FORMAT: "json", LOG_LEVEL: "DEBUG" } });
  expect(exitCode).toBe(0);
  const refused = await runScript(script, ["--no-such-flag"], { place: platform, env: { LOG_FORMAT: "json" } });
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).not.toBe("");
});

test.for(scripts)("$name: colour only where it is asked for", async (script, { platform }) => {
  const run = (env: Readonly<Record<string, string>>) => startScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, LOG_LEVEL: "DEBUG", ...env } }).done;
  const [plain, forced, never] = [await run({}), await run({ FORCE_COLOR: "1" }), await run({ FORCE_COLOR: "1", NO_COLOR: "1" })];
  for (const { stdout, stderr } of [plain, never]) {
    expect(stdout + stderr).not.toContain("\u001b");
    expect(problemsOfLog(stderr, script.logName, false)).toEqual([]);
  }
  expect(forced.stdout).toContain("\u001b[");
  const colourless = forced.stderr.replaceAll(/\[\u001b\[\d+m([A-Z]+)\u001b\[39m\]/gu, "[$1]");
  expect(problemsOfLog(colourless, script.logName, false)).toEqual([]);
  expect(colourless).not.toContain("\u001b");
});

test.for(scripts)("$name: every format, and --output", async (script, { platform }) => {
  const run = (...args: string[]) => startScript(script, [...plainArguments(script), ...args], { place: platform, env: platform.urls }).done;
  expect((await run("--format", "markdown")).stdout).toMatch(/^#+ .*\n/u);
  expect((await run("--format", "junit")).stdout).toMatch(/^<\?xml [^]*<testsuite[^]*<\/testsuites>\n$/u);
  const file = join(platform.folder, `${script.name}.json`);
  expect(await run("--json", "--output", file)).toMatchObject({ exitCode: 0, stdout: "" });
  expect(problemsOfJson("report", JSON.parse(readFileSync(file, "utf8")))).toEqual([]);
});
