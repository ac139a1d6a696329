// The imported function gives what the command prints. Needs Postgres and a cache.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Report } from "@org/script";
import { runProcess } from "@org/testkit";
import { expect, test as plainTest } from "vitest";
import { withPreparedPlatform, type PreparedPlatform } from "./prepared.ts";
import { runScript } from "./run.ts";
import { scripts } from "./scripts.ts";
import { plainArguments, shortBenchmark, wholeHistory } from "./situations.ts";

const test = plainTest.extend<{ platform: PreparedPlatform }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
  platform: [async ({}, use) => withPreparedPlatform(use), { scope: "file" }],
});

/** A host program: it imports the script, calls it with values and prints what it got. */
const program = `
const { url, input, options } = JSON.parse(process.argv[1]);
const script = Object.values(await import(url)).find((value) => typeof value === "function" && value.definition !== undefined);
const known = Object.fromEntries(Object.entries(input).filter(([name]) => name in script.definition.options));
console.log(JSON.stringify(await script(known, options)));
`;

test.for(scripts)("$name", async (script, { platform }) => {
  const words = plainArguments(script);
  const action = words[0]?.startsWith("-") === false ? { action: words[0] } : {};
  const { report: printed } = await runScript(script, words, { place: platform, env: platform.urls });
  const call = {
    url: pathToFileURL(join(script.folder, "dist/index.js")).href,
    input: { ...shortBenchmark, ...wholeHistory, databaseUrl: platform.urls.DATABASE_URL, redisUrl: platform.urls.REDIS_URL, provider: words.includes("existing") ? "existing" : undefined },
    options: { config: join(platform.project, "platform.config.mjs"), cwd: platform.project, env: { ...platform.env, ...platform.urls, PATH: process.env["PATH"] }, ...action },
  };
  const { exitCode, stdout, stderr } = await runProcess(process.execPath, ["--input-type=module", "--eval", program, JSON.stringify(call)], { cwd: platform.folder });
  expect([exitCode, stderr]).toEqual([0, ""]);
  const returned = JSON.parse(stdout) as Report;
  expect(shapeOf(returned)).toEqual(shapeOf(printed));
  const stableOf = script.manifest.target === "bench" ? identityOf : answerOf;
  expect(stableOf(returned)).toEqual(stableOf(printed!));
});

/** What two runs in the same situation have in common. */
function answerOf(report: Report): object {
  const { verdict, exitCode, counts, checks, error } = report;
  return { ...identityOf(report), verdict, exitCode, counts, error, checks: checks.map(({ id, verdict }) => ({ id, verdict })) };
}

/** A benchmark also judges the machine around it, whose other work changes from run to run. */
function identityOf({ reportVersion, script, scriptVersion, checks }: Report): object {
  return { reportVersion, script, scriptVersion, checks: checks.map(({ id, title }) => ({ id, title })) };
}

/** Arguments and a `.env` that was found are the command's own; a server that is asked twice may have a figure the second time only. */
const differ = ["arguments", "envFile", "checks"];

/** The kinds of all values; of a list, the kinds that are in it. */
function shapeOf(value: unknown, key = ""): unknown {
  if (differ.includes(key)) return key;
  // A figure that a short run could not measure is null.
  if (value === null || typeof value === "number") return "number or null";
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].toSorted();
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item, name)]));
}
