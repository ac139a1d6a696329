// Needs Postgres, which the testkit starts.
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runMigrations } from "@org/run-migrations";
import { historyLines, pgDump, withLoginRole, withPlace, writeFiles, type Files, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { apply, back, tables, withApplied } from "./testing/place.ts";

const three: Files = {
  "1_a.up.sql": "CREATE TABLE a (id int);",
  "1_a.down.sql": "DROP TABLE a;",
  "2_b.up.sql": "CREATE TABLE b (id int);",
  "2_b.down.sql": "DROP TABLE b;",
  "3_c.up.sql": "CREATE TABLE c (id int);",
  "3_c.down.sql": "DROP TABLE c;",
};

const layouts: Readonly<Record<string, Files>> = {
  pairs: three,
  "folder-pairs": { "1_a/up.sql": "CREATE TABLE a (id int)", "1_a/down.sql": "DROP TABLE a", "2_b/up.sql": "CREATE TABLE b (id int)", "2_b/down.sql": "DROP TABLE b" },
  sections: { "1_a.sql": "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;", "2_b.sql": "-- migrate:up\nCREATE TABLE b (id int);\n-- migrate:down\nDROP TABLE b;" },
  flyway: { "V1__a.sql": "CREATE TABLE a (id int)", "U1__a.sql": "DROP TABLE a", "V1.1__b.sql": "CREATE TABLE b (id int)", "U1.1__b.sql": "DROP TABLE b" },
};

async function schemaOf({ url }: Place): Promise<string> {
  return pgDump(url, ["--schema-only", "--exclude-schema=platform", "--restrict-key=x"]);
}

test.each(Object.entries(layouts))("the layout %s is rolled back to nothing and applied again", async (layout, files) => {
  await withPlace(files, async (place) => {
    const before = await schemaOf(place);
    await apply(place);
    const after = await schemaOf(place);
    const { exitCode, data } = await back(place, { to: "0" });
    expect([exitCode, data.layout, data.counts.applied]).toEqual([0, layout, 0]);
    expect(data.rolledBackNow.map(({ version }) => version)).toEqual(data.migrations.map(({ version }) => version).toReversed());
    expect(await schemaOf(place)).toBe(before);
    expect((await runMigrations({ databaseUrl: place.url, directory: place.folder }, { action: "status" })).data?.counts).toMatchObject({ applied: 0, pending: data.migrations.length });
    await apply(place);
    expect(await schemaOf(place)).toBe(after);
  });
});

test("steps, a version and the last run say how far", async () => {
  await withPlace(three, async (place) => {
    await apply(place, { to: "1" });
    await apply(place);
    expect((await back(place, { lastRun: true, dryRun: true })).data.plan?.map(({ version }) => version)).toEqual(["3", "2"]);
    expect((await back(place, { steps: 1 })).exitCode).toBe(0);
    expect(await tables(place.client)).toEqual(["a", "b"]);
    expect((await back(place, { lastRun: true })).data.rolledBackNow.map(({ version }) => version)).toEqual(["2"]);
    expect((await back(place, { to: "1" })).checks).toMatchObject({ done: "pass: there is nothing to roll back" });
    expect((await back(place, { lastRun: true })).data.rolledBackNow.map(({ version }) => version)).toEqual(["1"]);
    expect((await back(place, { lastRun: true })).checks).toMatchObject({ done: "pass: there is nothing to roll back" });
    await expect(back(place, { steps: 1 })).rejects.toMatchObject({ code: "configuration", message: "--steps 1 goes too far: no migration is applied" });
    await expect(back(place, { to: "9" })).rejects.toMatchObject({ code: "configuration", message: "no migration has the version 9" });
  });
});

test("a version that was accepted in another run still belongs to the run that executed it", async () => {
  await withApplied(three, async (place) => {
    await writeFiles(place.folder, { "3_c.up.sql": "CREATE TABLE c (id bigint);" });
    await runMigrations({ databaseUrl: place.url, directory: place.folder, accept: ["3"] }, { action: "repair" });
    expect((await back(place, { lastRun: true, dryRun: true })).data.plan?.map(({ version }) => version)).toEqual(["3", "2", "1"]);
  });
});

test("the history keeps both ways, who, when, how long and from which run", async () => {
  await withApplied(three, async (place) => {
    await back(place, { steps: 1 });
    const { rows } = await place.client.query("SELECT version, direction, status, actor <> '' AS who, finished_at >= started_at AS ended, duration_ms >= 0 AS long, run_id IS NOT NULL AS run, host <> '' AS host FROM platform.migration_history ORDER BY id DESC LIMIT 2");
    const told = { status: "applied", version: "3", who: true, ended: true, long: true, run: true, host: true };
    expect(rows).toEqual([{ ...told, direction: "down" }, { ...told, direction: "up" }]);
  });
});

test("a dry run plans, ends with 10 and changes nothing", async () => {
  await withApplied(three, async (place) => {
    const before = await schemaOf(place);
    const planned = await back(place, { steps: 2, dryRun: true });
    expect(planned).toMatchObject({ exitCode: 10, data: { action: "dry-run", rolledBackNow: [] }, checks: { done: "skipped: dry run: 2 would be rolled back" } });
    expect(await schemaOf(place)).toBe(before);
    expect(await historyLines(place.client)).toHaveLength(3);
  });
});

test("it stops at the first that fails, with the place, and history and schema agree there", async () => {
  await withApplied({ ...three, "2_b.down.sql": "DROP TABLE b;\nDROP INDEX\n  nosuch;" }, async (place) => {
    const { exitCode, data, checks } = await back(place, { to: "0" });
    expect(exitCode).toBe(6);
    expect(data.failure).toMatchObject({ version: "2", file: "2_b.down.sql", sqlState: "42704", line: 2, column: 1, excerpt: "DROP INDEX\n^", rolledBack: true });
    expect(checks["done"]).toMatch(/^fail: 1 of 3 rolled back; stopped at 2_b\.down\.sql:2:1: index "nosuch" does not exist/u);
    expect(await tables(place.client)).toEqual(["a", "b"]);
    expect(data.migrations.map(({ version, state, lastError }) => [version, state, lastError === null])).toEqual([["1", "applied", true], ["2", "applied", false], ["3", "pending", true]]);
    await writeFiles(place.folder, { "2_b.down.sql": "DROP TABLE b" });
    expect((await back(place, { to: "0" })).exitCode).toBe(0);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "3 applied", "3 down applied", "2 down failed", "2 down applied", "1 down applied"]);
  });
});

test("a migration without a way back is a wall: nothing runs, until it is recorded by force", async () => {
  const { "2_b.down.sql": _, ...wall } = three;
  await withApplied(wall, async (place) => {
    const refused = await back(place, { to: "0" });
    expect(refused).toMatchObject({ exitCode: 6, data: { rolledBackNow: [] }, checks: { "way-back": "fail: version 2 (b): it has no way back" } });
    expect((await back(place, { to: "0", dryRun: true })).exitCode).toBe(6);
    expect(await historyLines(place.client)).toHaveLength(3);
    expect((await back(place, { to: "2" })).exitCode).toBe(0);
    expect((await back(place, { to: "0", forceRecord: true })).data.rolledBackNow.map(({ version, file }) => [version, file])).toEqual([["2", null], ["1", "1_a.down.sql"]]);
    expect(await tables(place.client)).toEqual(["b"]);
    expect((await historyLines(place.client)).slice(3)).toEqual(["3 down applied", "2 down baseline", "1 down applied"]);
  });
});

test("a changed migration is not rolled back until it is accepted; a missing one has no way back", async () => {
  await withApplied(three, async (place) => {
    await writeFiles(place.folder, { "2_b.up.sql": "CREATE TABLE b (id bigint);" });
    expect(await back(place, { to: "1", forceRecord: true })).toMatchObject({ exitCode: 6, checks: { "way-back": "fail: version 2 (b): 2_b.up.sql was changed after it was applied" } });
    expect((await back(place, { to: "2" })).exitCode).toBe(0);
    await runMigrations({ databaseUrl: place.url, directory: place.folder, accept: ["2"] }, { action: "repair" });
    expect((await back(place, { to: "1" })).exitCode).toBe(0);
    for (const file of ["1_a.up.sql", "1_a.down.sql"]) await rm(join(place.folder, file));
    expect(await back(place, { to: "0" })).toMatchObject({ exitCode: 6, checks: { "way-back": "fail: version 1 (a): its file is missing" } });
    expect((await back(place, { to: "0", forceRecord: true })).exitCode).toBe(0);
  });
});

test("a newer migration that is half done stands in the way", async () => {
  await withApplied(three, async (place) => {
    await writeFiles(place.folder, { "4_d.up.sql": "-- no-transaction\nCREATE TABLE d (id int);\nSELECT 1 / 0;", "4_d.down.sql": "DROP TABLE d" });
    await expect(apply(place)).rejects.toThrow(/division by zero/u);
    expect(await back(place, { steps: 1 })).toMatchObject({ exitCode: 6, checks: { "way-back": "fail: 4_d.up.sql is newer and was applied in part, outside a transaction" } });
    await writeFiles(place.folder, { "4_d.up.sql": "-- no-transaction\nCREATE TABLE d (id int);\nSELECT 1;" });
    await apply(place);
    expect((await back(place, { steps: 2 })).exitCode).toBe(0);
  });
});

test("a way back that cannot run in a transaction runs statement by statement and goes on where it stopped", async () => {
  const files = { "1_a.up.sql": "CREATE TABLE a (id int); CREATE INDEX i ON a (id); CREATE INDEX j ON a (id);", "1_a.down.sql": "DROP INDEX CONCURRENTLY i;\nDROP INDEX CONCURRENTLY nosuch;\nDROP TABLE a;" };
  await withApplied(files, async (place) => {
    const failed = await back(place, { to: "0" });
    expect(failed).toMatchObject({ exitCode: 6, data: { failure: { line: 2, rolledBack: false } } });
    expect(failed.data.migrations[0]).toMatchObject({ state: "applied", lastError: expect.stringMatching(/its rollback failed.*nosuch/u) });
    await writeFiles(place.folder, { "2_b.up.sql": "CREATE TABLE b (id int)", "2_b.down.sql": "DROP TABLE b" });
    const refused = await runMigrations({ databaseUrl: place.url, directory: place.folder });
    expect(refused).toMatchObject({ exitCode: 6, data: { appliedNow: [] } });
    expect(refused.checks.find(({ id }) => id === "migrations.unchanged")?.evidence).toBe("1_a.up.sql is undone in part: its rollback stopped before statement 2 of 3; nothing was applied");
    await writeFiles(place.folder, { "1_a.down.sql": "DROP INDEX CONCURRENTLY i;\nDROP INDEX CONCURRENTLY j;\nDROP TABLE a;" });
    expect((await back(place, { to: "0" })).data.rolledBackNow).toMatchObject([{ version: "1", inTransaction: false }]);
    expect(await tables(place.client)).toEqual([]);
  });
});

test.each([
  [{}, "nothing says how far to roll back"],
  [{ steps: 1, to: "1" }, "--steps and --to say twice how far to roll back"],
  [{ verify: true, lastRun: true, to: "1" }, "--to and --last-run say twice how far to roll back"],
])("the selection %j is refused", async (input, message) => {
  await expect(back({ url: "postgres://nobody@127.0.0.1:1/none", folder: "none" }, input)).rejects.toMatchObject({ code: "configuration", message });
});

test("a lock that somebody holds is waited for in turns, and the file's own lock_timeout ends with the SQLSTATE", async () => {
  await withApplied(three, async (place) => {
    await place.client.query("BEGIN; LOCK TABLE c IN ACCESS SHARE MODE");
    const refused = await back(place, { steps: 1, lockTimeout: 100, lockRetries: 1, allowDataLoss: true });
    expect(refused).toMatchObject({ exitCode: 7, data: { failure: { sqlState: "55P03", file: "3_c.down.sql", line: 1 }, counts: { applied: 3 } } });
    await place.client.query("COMMIT");
    expect((await back(place, { steps: 1 })).exitCode).toBe(0);
  });
});

test("without the history table it names what makes it", async () => {
  await withPlace(three, async (place) => {
    await expect(back(place, { steps: 1, stateSchema: `none_${randomUUID().slice(0, 8)}` })).rejects.toMatchObject({ code: "dependency", hint: expect.stringMatching(/init-database/u) });
  });
});

test("a role that may not use the state schema is told what it needs: the table where it is missing, the right where it is not", async () => {
  await withApplied(three, async (place) => {
    await withLoginRole(place.url, async (role) => {
      const poor = { ...place, url: role.url };
      for (const dryRun of [true, false]) {
        await expect(back(poor, { steps: 1, dryRun })).rejects.toMatchObject({ code: "permission", hint: `Let an administrator run: GRANT USAGE ON SCHEMA platform TO ${role.name};` });
      }
      await place.client.query("DROP TABLE platform.migration_history");
      for (const dryRun of [true, false]) {
        await expect(back(poor, { steps: 1, dryRun })).rejects.toMatchObject({ code: "dependency", message: "the table platform.migration_history does not exist", hint: "Run npx @org/init-database." });
      }
    });
  });
});

test("like a real collection, it goes back to its first irreversible step", async () => {
  const files = {
    "20220101_base.up.sql": "CREATE TABLE message (id int PRIMARY KEY, payload text NOT NULL)",
    "20220101_base.down.sql": "DROP TABLE message",
    "20220428_expiration.up.sql": "ALTER TABLE message ADD COLUMN expiration timestamptz NOT NULL DEFAULT now() + INTERVAL '90 day';\nALTER TABLE message ALTER COLUMN payload DROP NOT NULL;\nCREATE INDEX expiry ON message (expiration) WHERE payload IS NOT NULL;",
    // The index goes with its column, so that its own removal fails.
    "20220428_expiration.down.sql": "ALTER TABLE message DROP COLUMN expiration;\nALTER TABLE message ALTER COLUMN payload SET NOT NULL;\nDROP INDEX expiry;\n",
    "20220506_tidy.up.sql": "CREATE TABLE attempt (id int)",
    "20220506_tidy.down.sql": "DROP TABLE IF EXISTS attempt",
  };
  await withPlace(files, async (place) => {
    await apply(place, { to: "20220428" });
    const there = await schemaOf(place);
    await apply(place);
    const { exitCode, data } = await back(place, { to: "0" });
    expect([exitCode, data.failure?.file, data.failure?.line]).toEqual([6, "20220428_expiration.down.sql", 3]);
    expect(await schemaOf(place)).toBe(there);
    expect(data.migrations.map(({ state }) => state)).toEqual(["applied", "applied", "pending"]);
  });
});
