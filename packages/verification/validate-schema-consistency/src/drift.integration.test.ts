// Needs Postgres.
import { createScratchDatabase, withTempFolder, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareSnapshots } from "@org/postgres/schema";
import { validateSchemaConsistency } from "./index.ts";
import type { Difference, Snapshot } from "@org/postgres/schema";
import { readCatalogs, readInTransaction, toSnapshot } from "@org/postgres/schema";
import { execute, onDatabase, setUp, writeMigrations } from "./testing/live-database.ts";
import { plantedDrifts, sameMeanings } from "./testing/planted-drifts.ts";
import { createRoles, richMigrations } from "./testing/rich-schema.ts";

let live: ScratchDatabase;
let expected: Snapshot;

beforeAll(async () => {
  live = await createScratchDatabase();
  await execute(live.url, createRoles);
  await withTempFolder(async (folder) => setUp(live.url, await writeMigrations(folder, richMigrations)));
  expected = await snapshot(live.url);
});

afterAll(() => live.drop());

function snapshot(url: string): Promise<Snapshot> {
  return onDatabase(url, async (client) => toSnapshot(await readCatalogs(client, { stateSchema: "platform" })));
}

/** What is told while the statements are in force; they are rolled back after. */
async function differencesAfter(sql: string): Promise<readonly Difference[]> {
  return onDatabase(live.url, async (client) => {
    await client.query(`BEGIN; ${sql}`);
    const drifted = toSnapshot(await readInTransaction(client, { stateSchema: "platform" }));
    await client.query("ROLLBACK");
    return compareSnapshots(expected, drifted).differences;
  });
}

describe("planted drifts", () => {
  test.each(plantedDrifts)("%s", async (sql, kind, object, told) => {
    const differences = await differencesAfter(sql);
    const found = differences.map((difference) => [difference.kind, difference.object, difference.property ?? difference.change]);
    expect(found).toContainEqual([kind, object, told]);
  });
});

describe("no drift", () => {
  test.each(sameMeanings)("%s", async (sql) => {
    expect(await differencesAfter(sql)).toEqual([]);
  });

  test("the replay makes what the migrations made", async () => {
    await withTempFolder(async (folder) => {
      const directory = await writeMigrations(folder, richMigrations);
      const report = await validateSchemaConsistency({ databaseUrl: live.url, directory });
      expect(report.data?.differences).toEqual([]);
      expect(report.checks.filter(({ id, verdict }) => id.startsWith("drift.") && verdict !== "pass")).toEqual([]);
    });
  });
});
