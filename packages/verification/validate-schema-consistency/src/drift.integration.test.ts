// Needs Postgres, and the embedded one beside it: what is told must not depend on the server's version.
import { withClient } from "@org/postgres";
import { compareSnapshots, readCatalogs, readInTransaction, toSnapshot, type Snapshot } from "@org/postgres/schema";
import { createScratchDatabase, withTempFolder, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateSchemaConsistency } from "./index.ts";
import { execute, onDatabase, setUp, writeMigrations } from "./testing/live-database.ts";
import { plantedDriftsAround, plantedDriftsOfCluster } from "./testing/planted-drifts-around.ts";
import { plantedDriftsOfForms } from "./testing/planted-drifts-of-forms.ts";
import { plantedDrifts, type PlantedDrift } from "./testing/planted-drifts.ts";
import { createRoles } from "./testing/rich-schema.ts";
import { richerMigrations } from "./testing/richer-schema.ts";
import { sameMeanings } from "./testing/same-meanings.ts";

const ofSchema = [...plantedDrifts, ...plantedDriftsOfForms, ...plantedDriftsAround];
const servers = [
  { server: "this machine's Postgres", embedded: false },
  { server: "the embedded Postgres", embedded: true },
];
const scope = { stateSchema: "platform", clusterWide: true };

let databases: readonly ScratchDatabase[];
let untouched: readonly Snapshot[];

beforeAll(async () => {
  databases = await Promise.all(servers.map(({ embedded }) => createScratchDatabase({ embedded })));
  await withTempFolder(async (folder) => {
    const directory = await writeMigrations(folder, richerMigrations);
    for (const { url } of databases) {
      await execute(url, createRoles);
      await setUp(url, directory);
    }
  });
  untouched = await Promise.all(databases.map(({ url }) => onDatabase(url, async (client) => toSnapshot(await readCatalogs(client, scope)))));
});

afterAll(() => Promise.all(databases.map((database) => database.drop())));

/** The schema as it is while the statements are in force; they are rolled back after. */
async function snapshotAfter(server: number, sql: string): Promise<Snapshot> {
  return onDatabase(databases[server]!.url, async (client) => {
    await client.query(`BEGIN; ${sql}`);
    const drifted = toSnapshot(await readInTransaction(client, scope));
    await client.query("ROLLBACK");
    return drifted;
  });
}

function told(expected: Snapshot, found: Snapshot): readonly string[] {
  return compareSnapshots(expected, found)
    .differences.map(({ kind, object, property, change }) => `${kind} ${object} ${property ?? change}`)
    .sort();
}

/** All that must be told, and nothing beside it. */
function withExpectation([sql, kind, object, property, also = []]: PlantedDrift): readonly [sql: string, wanted: readonly string[]] {
  return [sql, [`${kind} ${object} ${property}`, ...also].sort()];
}

/** Another server shares neither roles nor settings with this one. */
const ofAnotherServer = (snapshot: Snapshot): Snapshot => ({ ...snapshot, clusterWide: false });

describe.each(servers.map(({ server }, at) => ({ server, at })))("$server", ({ at }) => {
  let seen = 0;
  let quiet = 0;

  test.each(ofSchema.map(withExpectation))("%s", async (sql, wanted) => {
    const found = await snapshotAfter(at, sql);
    expect(told(untouched[at]!, found)).toEqual(wanted);
    expect(told(ofAnotherServer(untouched[1 - at]!), found)).toEqual(wanted);
    seen += 1;
  });

  test.each(plantedDriftsOfCluster.map(withExpectation))("%s", async (sql, wanted) => {
    expect(told(untouched[at]!, await snapshotAfter(at, sql))).toEqual(wanted);
    seen += 1;
  });

  test.each(sameMeanings)("no drift: %s", async (sql) => {
    const found = await snapshotAfter(at, sql);
    expect(told(untouched[at]!, found)).toEqual([]);
    expect(told(ofAnotherServer(untouched[1 - at]!), found)).toEqual([]);
    quiet += 1;
  });

  test("the score", () => {
    const planted = ofSchema.length + plantedDriftsOfCluster.length;
    process.stdout.write(`Postgres ${untouched[at]!.serverVersion}: ${seen} of ${planted} planted drifts told, ${quiet} of ${sameMeanings.length} pairs quiet\n`);
    expect([seen, quiet]).toEqual([planted, sameMeanings.length]);
  });
});

test("the replay makes what the migrations made", async () => {
  await withTempFolder(async (folder) => {
    const directory = await writeMigrations(folder, richerMigrations);
    const report = await validateSchemaConsistency({ databaseUrl: databases[0]!.url, directory });
    expect(report.data?.differences).toEqual([]);
    expect(report.checks.filter(({ id, verdict }) => id.startsWith("drift.") && verdict !== "pass")).toEqual([]);
  });
});

describe("what a role may not read is unknown, never equal", () => {
  test("a connection string, the options of another's user mapping and a catalog that is closed", async () => {
    const { url } = databases[0]!;
    const found = await withClient({ url, applicationName: "test" }, async (client) => {
      await client.query("BEGIN; CREATE SUBSCRIPTION far CONNECTION 'password=top-secret' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false, create_slot = false)");
      await client.query("REVOKE SELECT ON pg_collation FROM PUBLIC; SET LOCAL ROLE drift_other");
      const reading = await readInTransaction(client, scope);
      await client.query("ROLLBACK");
      return toSnapshot(reading);
    });
    const { differences, unknown } = compareSnapshots(untouched[0]!, found);
    expect(unknown.map(({ kind, object, property }) => [kind, object, property])).toEqual(
      expect.arrayContaining([
        ["collation", null, null],
        ["subscription", "far", "connection"],
        ["user mapping", "shop_server for drift_reader", "options"],
        ["server", "settings", "shared_preload_libraries"],
      ]),
    );
    expect(differences.map(({ kind, object }) => `${kind} ${object}`)).toEqual(["subscription far"]);
    expect(JSON.stringify(found)).not.toContain("top-secret");
  });
});
