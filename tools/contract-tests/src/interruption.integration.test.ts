// Ctrl-C and SIGTERM on every script, while a service keeps silent and while a statement runs. Needs Postgres and a cache.
import { readdirSync } from "node:fs";
import { postgresServer, type StartedProcess } from "@org/testkit";
import { describe, expect, test } from "vitest";
import { configWith, withPlace, type Place } from "./place.ts";
import { withPreparedPlatform } from "./prepared.ts";
import { keepContract, startScript, type ScriptResult } from "./run.ts";
import { scripts, type ScriptUnderTest } from "./scripts.ts";
import { plainArguments } from "./situations.ts";
import { query } from "./testing/database.ts";
import { withSilentService } from "./testing/listener.ts";
import { descendants, isAlive } from "./testing/processes.ts";

const signals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** From the signal to the end of the process. */
const promptMs = 3_000;

async function interrupt(script: ScriptUnderTest, started: StartedProcess, signal: "SIGINT" | "SIGTERM"): Promise<ScriptResult> {
  const children = descendants(started.pid);
  const sent = performance.now();
  started.kill(signal);
  const result = keepContract(script, await started.done);
  const took = performance.now() - sent;
  expect(children.filter(isAlive), "child processes").toEqual([]);
  expect(took, result.stderr).toBeLessThan(promptMs);
  return result;
}

function expectNoLeftovers({ project, tempDir }: Place, before: readonly string[]): void {
  expect(readdirSync(project).toSorted()).toEqual(before);
  expect(readdirSync(tempDir)).toEqual([]);
}

describe.each(signals)("%s", (signal, exitCode) => {
  test.each(scripts)("$name: a service that keeps silent", async (script) => {
    await withSilentService(({ port, connected }) =>
      withPlace(async (place) => {
        const before = readdirSync(place.project).toSorted();
        const env = { DATABASE_URL: `postgres://someone:else@127.0.0.1:${port}/app`, REDIS_URL: `redis://:else@127.0.0.1:${port}` };
        const started = startScript(script, [...plainArguments(script), "--json"], { place, env });
        await Promise.race([connected, started.done]);
        const { exitCode: ended, report, stderr } = await interrupt(script, started, signal);
        expect(ended, stderr).toBe(exitCode);
        expect(report).toMatchObject({ verdict: "unknown", error: { code: signal === "SIGINT" ? "interrupted" : "terminated" } });
        expectNoLeftovers(place, before);
      }),
    );
  });
});

const slow = `[${scripts.map(({ name }) => `{ id: "app.slow", title: "Slow", script: "${name}", run: ({ client }) => client.query("SELECT pg_sleep(60) AS contract") }`).join(", ")}]`;

describe("a statement that runs", () => {
  const onPostgres = scripts.filter(({ manifest }) => manifest.services.includes("postgres"));

  test.each(onPostgres)("$name: SIGINT cancels it, and the server keeps no session and no scratch database", async (script) => {
    const { url } = await postgresServer();
    await withPreparedPlatform(async (platform) => {
      const databases = await names(url);
      const started = startScript(script, [...plainArguments(script), "--json"], { place: platform, env: { ...platform.urls, PLATFORM_CHECKS: "slow" } });
      const runs = async (): Promise<boolean> => (await sessions(platform.urls.DATABASE_URL)).some((text) => text.includes("pg_sleep(60) AS contract"));
      await expect.poll(runs, { timeout: 30_000 }).toBe(true);
      const { exitCode, stderr } = await interrupt(script, started, "SIGINT");
      expect(exitCode, stderr).toBe(130);
      await expect.poll(() => sessions(platform.urls.DATABASE_URL)).toEqual([]);
      expect(await names(url)).toEqual(databases);
      expect(readdirSync(platform.tempDir)).toEqual([]);
    }, slowOnDemand);
  });
});

/** The setup runs without the check. */
const slowOnDemand = configWith(`process.env.PLATFORM_CHECKS === "slow" ? ${slow} : []`);

async function sessions(url: string): Promise<string[]> {
  const rows = await query<{ query: string }>(url, "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
  return rows.map(({ query }) => query);
}

async function names(url: string): Promise<string[]> {
  return (await query<{ datname: string }>(url, "SELECT datname FROM pg_database ORDER BY 1")).map(({ datname }) => datname);
}
