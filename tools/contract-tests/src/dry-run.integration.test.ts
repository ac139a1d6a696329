// --dry-run on every script: 10, and nothing changed. Needs Postgres and a cache.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pgDump } from "@org/testkit";
import { Redis } from "ioredis";
import { expect, test as plainTest } from "vitest";
import { withPreparedPlatform, type PreparedPlatform } from "./prepared.ts";
import { runScript } from "./run.ts";
import { scripts } from "./scripts.ts";
import { plainArguments } from "./situations.ts";
import { query } from "./testing/database.ts";

const test = plainTest.extend<{ platform: PreparedPlatform }>({
  platform: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
    async ({}, use) =>
      withPreparedPlatform(async (platform) => {
        // There is something left to do for every script that writes.
        writeFileSync(join(platform.project, "migrations/3_create_carts.up.sql"), "CREATE TABLE shop.carts (id int PRIMARY KEY);\n");
        await query(platform.urls.DATABASE_URL, "DROP FUNCTION shop.one()");
        rmSync(platform.reportDir, { recursive: true });
        await use(platform);
      }),
    { scope: "file" },
  ],
});

test.for(scripts)("$name", async (script, { platform }) => {
  const before = await everything(platform);
  const words = script.name === "rollback-migrations" ? ["--to", "1"] : plainArguments(script);
  const { exitCode, report, stderr } = await runScript(script, [...words, "--dry-run"], { place: platform, env: platform.urls });
  expect(exitCode, stderr).toBe(10);
  expect(report!.run.dryRun).toBe(true);
  expect(report!.counts.fail + report!.counts.unknown).toBe(0);
  expect(await everything(platform)).toEqual(before);
});

test.for(scripts)("$name --dry-run-exit-zero, asked for by DRY_RUN", async (script, { platform }) => {
  const { exitCode, stderr } = await runScript(script, [...plainArguments(script), "--dry-run-exit-zero"], { place: platform, env: { ...platform.urls, DRY_RUN: "1" } });
  expect(exitCode, stderr).toBe(0);
});

/** Everything that a script may change, apart from the record that it ran. */
async function everything({ urls, project, folder }: PreparedPlatform): Promise<unknown> {
  return {
    schema: await pgDump(urls.DATABASE_URL, ["--exclude-table-data=platform.script_execution_log", "--exclude-table-data=platform.health_check_results", "--restrict-key=x"]),
    roles: await query(urls.DATABASE_URL, "SELECT rolname, rolsuper, rolcanlogin, rolconfig FROM pg_roles ORDER BY 1"),
    databases: await query(urls.DATABASE_URL, "SELECT datname FROM pg_database WHERE datname NOT LIKE 'scratch_%' OR datname = current_database() ORDER BY 1"),
    keys: await keys(urls.REDIS_URL),
    project: contents(project),
    folders: readdirSync(folder).toSorted(),
  };
}

async function keys(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    return (await redis.keys("*")).toSorted();
  } finally {
    redis.disconnect();
  }
}

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
