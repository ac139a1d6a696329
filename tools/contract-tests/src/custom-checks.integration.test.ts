// The checks of platform.config run in the script that they name. Needs Postgres and a cache.
import { expect, test as plainTest } from "vitest";
import { configWith } from "./place.ts";
import { withPreparedPlatform, type PreparedPlatform } from "./prepared.ts";
import { runScript } from "./run.ts";
import { scripts, type ScriptUnderTest } from "./scripts.ts";
import { plainArguments } from "./situations.ts";

// Each asks a question of the script's own context, so that it cannot pass without one.
const question = ({ manifest }: ScriptUnderTest): string =>
  manifest.services.includes("postgres")
    ? 'async ({ client }) => ({ verdict: "pass", evidence: "answer " + (await client.query("SELECT 40 + 2 AS n")).rows[0].n })'
    : 'async ({ cache }) => ({ verdict: "pass", evidence: "answer " + ((await cache.ping()) === "PONG" ? 42 : 0) })';

const checks = `({
  answered: [${scripts.map((script) => `{ id: "app.answered", title: "Answered", script: "${script.name}", run: ${question(script)} }`).join(", ")}],
  thrown: [${scripts.map(({ name }) => `{ id: "app.thrown", title: "Thrown", script: "${name}", run: () => { throw new Error("the check is broken"); } }`).join(", ")}],
})[process.env.PLATFORM_CHECKS] ?? []`;

const test = plainTest.extend<{ platform: PreparedPlatform }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
  platform: [async ({}, use) => withPreparedPlatform(use, configWith(checks)), { scope: "file" }],
});

const hosts = scripts.filter(({ manifest }) => manifest.services.length > 0);
/** Scripts without a session of their own have nothing to hand to a check. */
const others = scripts.filter(({ manifest }) => manifest.services.length === 0);

test.for(hosts)("$name runs it on its own session", async (script, { platform }) => {
  const { exitCode, report, stderr } = await runScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, PLATFORM_CHECKS: "answered" } });
  expect(report!.checks.filter(({ id }) => id === "app.answered")).toMatchObject([{ title: "Answered", verdict: "pass", evidence: "answer 42" }]);
  expect(exitCode, stderr).toBe(0);
});

test.for(hosts)("$name: one that throws is unknown, and the run ends with 6", async (script, { platform }) => {
  const { exitCode, report } = await runScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, PLATFORM_CHECKS: "thrown" } });
  expect(report!.checks.filter(({ id }) => id === "app.thrown")).toMatchObject([{ verdict: "unknown", evidence: expect.stringContaining("the check is broken") as string }]);
  expect([exitCode, report!.verdict]).toEqual([6, "unknown"]);
});

test.for(others)("$name: one that it cannot run is unknown, and the run ends with 6", async (script, { platform }) => {
  const { exitCode, report } = await runScript(script, plainArguments(script), { place: platform, env: { ...platform.urls, PLATFORM_CHECKS: "answered" } });
  expect(report!.checks.filter(({ id }) => id === "app.answered")).toMatchObject([{ verdict: "unknown" }]);
  expect(exitCode).toBe(6);
});
