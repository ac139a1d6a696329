// Services that refuse or keep silent, on every script. Needs Postgres and a cache.
import { Redis } from "ioredis";
import { cacheServer, closedPort, postgresServer } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withPlace } from "./place.ts";
import { runScript, type ScriptResult } from "./run.ts";
import { scripts, type ScriptUnderTest } from "./scripts.ts";
import { exitCodeOf, missingDatabase, missingRight, plainArguments, refused, uses, wrongPassword, type Situation } from "./situations.ts";
import { execute, scalar } from "./testing/database.ts";
import { withSilentService } from "./testing/listener.ts";

const closedDatabase = `closed_${process.pid}`;
const outsider = { role: `outsider_${process.pid}`, password: "nothing-to-see" };
let good: { readonly DATABASE_URL: string; readonly REDIS_URL: string };

beforeAll(async () => {
  const [postgres, cache] = await Promise.all([postgresServer(), cacheServer()]);
  good = { DATABASE_URL: postgres.url, REDIS_URL: cache.url };
  await execute(postgres.url, [
    `CREATE ROLE ${outsider.role} LOGIN PASSWORD '${outsider.password}'`,
    `CREATE DATABASE ${closedDatabase}`,
    `REVOKE CONNECT ON DATABASE ${closedDatabase} FROM PUBLIC`,
  ]);
  await withRedis(cache.url, (redis) => redis.call("ACL", "SETUSER", outsider.role, "on", `>${outsider.password}`, "~*", "-@all", "+ping"));
});

afterAll(async () => {
  await execute(good.DATABASE_URL, [`DROP DATABASE ${closedDatabase}`, `DROP ROLE ${outsider.role}`]);
  await withRedis(good.REDIS_URL, (redis) => redis.call("ACL", "DELUSER", outsider.role));
});

type Urls = Partial<typeof good>;

async function endsAs(script: ScriptUnderTest, situation: Situation, urls: Urls): Promise<ScriptResult> {
  return withPlace(async (place) => {
    const result = await runScript(script, plainArguments(script), { place, env: urls });
    expect(result.exitCode, `${result.stdout}\n${result.stderr}`).toBe(exitCodeOf(script, situation));
    if (result.exitCode !== 0) expect(result.report!.verdict).toMatch(/fail|unknown/u);
    return result;
  });
}

const postgresScripts = scripts.filter((script) => uses(script, "postgres"));
// The platform gives on the worst code of its scripts, and on a database that is not set up that is another one.
const cacheScripts = scripts.filter((script) => uses(script, "dragonfly") && script.name !== "platform");

test.each(scripts)(`$name: ${refused.title}`, async (script) => {
  const port = await closedPort();
  await endsAs(script, refused, { DATABASE_URL: `postgres://someone:else@127.0.0.1:${port}/app`, REDIS_URL: `redis://127.0.0.1:${port}` });
});

describe("Postgres", () => {
  test.each(postgresScripts)(`$name: ${wrongPassword.title}`, async (script) => {
    const url = new URL(good.DATABASE_URL);
    url.password = "no-such-password";
    const { stdout, stderr } = await endsAs(script, wrongPassword, { ...good, DATABASE_URL: url.href });
    expect(stdout + stderr).not.toContain("no-such-password");
  });

  test.each(postgresScripts)(`$name: ${missingDatabase.title}`, async (script) => {
    const name = `missing_${process.pid}_${script.logName}`;
    const url = new URL(good.DATABASE_URL);
    url.pathname = name;
    await endsAs(script, missingDatabase, { ...good, DATABASE_URL: url.href });
    expect(await scalar(good.DATABASE_URL, `SELECT count(*)::int FROM pg_database WHERE datname = '${name}'`)).toBe(script.name === "init-database" ? 1 : 0);
    await execute(good.DATABASE_URL, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
  });

  test.each(postgresScripts)(`$name: ${missingRight.title}`, async (script) => {
    const url = Object.assign(new URL(good.DATABASE_URL), { username: outsider.role, password: outsider.password, pathname: closedDatabase });
    await endsAs(script, missingRight, { ...good, DATABASE_URL: url.href });
  });
});

describe("the cache", () => {
  test.each(cacheScripts)(`$name: ${wrongPassword.title}`, async (script) => {
    const url = new URL(good.REDIS_URL);
    url.password = "no-such-password";
    const { stdout, stderr } = await endsAs(script, wrongPassword, { ...good, REDIS_URL: url.href });
    expect(stdout + stderr).not.toContain("no-such-password");
  });

  test("verify-dragonfly: a user who may only PING leaves checks unknown, which is 5", async () => {
    const script = scripts.find(({ name }) => name === "verify-dragonfly")!;
    const url = Object.assign(new URL(good.REDIS_URL), { username: outsider.role, password: outsider.password });
    const { report } = await endsAs(script, missingRight, { REDIS_URL: url.href });
    expect(report!.counts.unknown).toBeGreaterThan(0);
  });
});

test.each(scripts)("$name: a service that takes the connection and keeps silent ends with 7 at the timeout", async (script) => {
  await withSilentService(({ port }) =>
    withPlace(async (place) => {
      const env = { DATABASE_URL: `postgres://someone:else@127.0.0.1:${port}/app`, REDIS_URL: `redis://:else@127.0.0.1:${port}` };
      const result = await runScript(script, [...plainArguments(script), "--timeout", "1s"], { place, env });
      expect(result.exitCode, result.stderr).toBe(7);
      expect(result.stderr).toContain(`${script.name} did not end within 1 s`);
      expect(result.durationMs).toBeLessThan(8_000);
    }),
  );
});

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
