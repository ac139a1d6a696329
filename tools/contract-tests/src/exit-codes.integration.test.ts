// Exit codes whose cause lies in the platform itself: 1, 2, 5 and 6. The other test files produce the rest. Needs Postgres and a cache.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { configWith, withPlace } from "./place.ts";
import { withPreparedPlatform } from "./prepared.ts";
import { runScript } from "./run.ts";
import { scripts } from "./scripts.ts";
import { execute } from "./testing/database.ts";

const named = (name: string) => scripts.find((script) => script.name === name)!;

test("1: the state tables are not as any release made them", async () => {
  await withPreparedPlatform(async (platform) => {
    const asView = ["ALTER TABLE platform.migration_history RENAME TO kept", "ALTER TABLE platform.kept RENAME COLUMN checksum TO renamed", "CREATE VIEW platform.migration_history AS SELECT *, (id / 0)::text AS checksum FROM platform.kept"];
    await execute(platform.urls.DATABASE_URL, asView);
    const { exitCode, report, stderr } = await runScript(named("run-migrations"), [], { place: platform, env: platform.urls });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("division by zero");
    expect(report).toMatchObject({ verdict: "unknown", error: { code: "general" } });
  });
});

test.each(["run-migrations", "validate-schema-consistency"])("2: %s before init-database names the command that is missing", async (name) => {
  await withScratchDatabase((DATABASE_URL) =>
    withPlace(async (place) => {
      const { exitCode, stderr, report } = await runScript(named(name), [], { place, env: { DATABASE_URL } });
      expect([exitCode, report!.verdict], stderr).toEqual([2, expect.stringMatching(/unknown|fail/u)]);
      expect(stderr).toContain("npx @org/init-database");
    }),
  );
});

test.each(["init-database", "run-migrations", "deploy-extensions"])("5: %s as a role without rights names the right", async (name) => {
  await withPreparedPlatform(async (platform) => {
    const role = `powerless_${process.pid}`;
    await execute(platform.urls.DATABASE_URL, [`CREATE ROLE ${role} LOGIN PASSWORD 'powerless'`, "DROP FUNCTION shop.one()", "DROP EXTENSION citext", "DROP SCHEMA shop CASCADE"]);
    try {
      const DATABASE_URL = Object.assign(new URL(platform.urls.DATABASE_URL), { username: role, password: "powerless" }).href;
      const { exitCode, stderr, stdout } = await runScript(named(name), [], { place: platform, env: { ...platform.urls, DATABASE_URL } });
      expect(exitCode, stderr).toBe(5);
      expect(stderr + stdout).toMatch(/GRANT|superuser|owner/u);
    } finally {
      await execute(platform.urls.DATABASE_URL, [`DROP ROLE ${role}`]);
    }
  });
});

test("6: a migration that the server refuses, and what is open because of it", async () => {
  await withPreparedPlatform(async (platform) => {
    writeFileSync(join(platform.project, "migrations/3_broken.up.sql"), "CREATE TABLE shop.carts (id int);\nSELECT 1 / 0;\n");
    const migrated = await runScript(named("run-migrations"), [], { place: platform, env: platform.urls });
    expect(migrated.exitCode, migrated.stderr).toBe(6);
    expect(migrated.stderr).toContain("division by zero");
    const validated = await runScript(named("validate-schema-consistency"), [], { place: platform, env: platform.urls });
    expect(validated.exitCode, validated.stderr).toBe(6);
  });
});

test("6: a check of the config that fails", async () => {
  const failing = '[{ id: "app.never", title: "Never", script: "verify-connection", run: () => ({ verdict: "fail", evidence: "never", remedy: "Nothing helps." }) }]';
  await withPreparedPlatform(async (platform) => {
    const { exitCode, report } = await runScript(named("verify-connection"), [], { place: platform, env: platform.urls });
    expect([exitCode, report!.verdict]).toEqual([6, "fail"]);
    expect((await runScript(named("platform"), ["verify"], { place: platform, env: platform.urls })).exitCode).toBe(6);
  }, configWith(failing));
});
