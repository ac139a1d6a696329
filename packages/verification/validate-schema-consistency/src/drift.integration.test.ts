// Needs Postgres, and the embedded one beside it: what is told must not depend on the server's version.
import { withClient } from "@org/postgres";
import { compareSnapshots, readInTransaction, toSnapshot, type Snapshot } from "@org/postgres/schema";
import { withTempFolder } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateSchemaConsistency } from "./index.ts";
import { clinicDrifts } from "./testing/clinic-drifts.ts";
import { clinicMeanings } from "./testing/clinic-meanings.ts";
import { clinicMigrations } from "./testing/clinic-schema.ts";
import { createDriftingDatabase, type DriftingDatabase } from "./testing/drifting-database.ts";
import { writeMigrations } from "./testing/live-database.ts";
import { plantedDriftsAround, plantedDriftsOfCluster } from "./testing/planted-drifts-around.ts";
import { plantedDriftsOfForms } from "./testing/planted-drifts-of-forms.ts";
import { plantedDrifts, type PlantedDrift } from "./testing/planted-drifts.ts";
import { richerMigrations } from "./testing/richer-schema.ts";
import { sameMeanings } from "./testing/same-meanings.ts";

const scope = { stateSchema: "platform", clusterWide: true };

const schemas = [
  { schema: "the shop", migrations: richerMigrations, drifts: [...plantedDrifts, ...plantedDriftsOfForms, ...plantedDriftsAround], ofCluster: plantedDriftsOfCluster, meanings: sameMeanings },
  { schema: "the clinic", migrations: clinicMigrations, drifts: clinicDrifts, ofCluster: [], meanings: clinicMeanings },
];

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

describe.each(schemas)("$schema", ({ migrations, drifts, ofCluster, meanings }) => {
  let databases: readonly DriftingDatabase[];
  const score = { told: 0, quiet: 0 };

  beforeAll(async () => {
    databases = await Promise.all([false, true].map((embedded) => createDriftingDatabase({ embedded, migrations, scope })));
  });

  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  /** On each server, compared with the untouched schema of its own and of the other one. */
  async function toldOnEach(sql: string): Promise<readonly (readonly string[])[]> {
    const found = await Promise.all(databases.map((database) => database.after(sql)));
    return found.flatMap((snapshot, at) => [told(databases[at]!.untouched, snapshot), told(ofAnotherServer(databases[1 - at]!.untouched), snapshot)]);
  }

  test.each(drifts.map(withExpectation))("%s", async (sql, wanted) => {
    expect(await toldOnEach(sql)).toEqual([wanted, wanted, wanted, wanted]);
    score.told += 1;
  });

  test.each(ofCluster.map(withExpectation))("%s", async (sql, wanted) => {
    // Roles are shared by both tests' databases of a server only, and no other test may see them change.
    expect(await toldOnEach(sql)).toEqual([wanted, [], wanted, []]);
    score.told += 1;
  });

  test.each(meanings)("no drift: %s", async (sql) => {
    expect(await toldOnEach(sql)).toEqual([[], [], [], []]);
    score.quiet += 1;
  });

  test("the score", () => {
    const planted = drifts.length + ofCluster.length;
    const versions = databases.map(({ untouched }) => untouched.serverVersion).join(" and ");
    process.stdout.write(`Postgres ${versions}: ${score.told} of ${planted} planted drifts told, ${score.quiet} of ${meanings.length} pairs quiet\n`);
    expect(score).toEqual({ told: planted, quiet: meanings.length });
  });

  test("the replay makes what the migrations made", async () => {
    await withTempFolder(async (folder) => {
      const directory = await writeMigrations(folder, migrations);
      const report = await validateSchemaConsistency({ databaseUrl: databases[0]!.url, directory });
      expect(report.data?.differences).toEqual([]);
      expect(report.checks.filter(({ id, verdict }) => id.startsWith("drift.") && verdict !== "pass")).toEqual([]);
    });
  });
});

describe("what a role may not read is unknown, never equal", () => {
  let database: DriftingDatabase;

  beforeAll(async () => {
    database = await createDriftingDatabase({ embedded: false, migrations: richerMigrations, scope });
  });

  afterAll(() => database.drop());

  test("a connection string, the options of another's user mapping and a catalog that is closed", async () => {
    const found = await withClient({ url: database.url, applicationName: "test" }, async (client) => {
      await client.query("BEGIN; CREATE SUBSCRIPTION far CONNECTION 'password=top-secret' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false, create_slot = false)");
      await client.query("REVOKE SELECT ON pg_collation FROM PUBLIC; SET LOCAL ROLE drift_other");
      const reading = await readInTransaction(client, scope);
      await client.query("ROLLBACK");
      return toSnapshot(reading);
    });
    const { differences, unknown } = compareSnapshots(database.untouched, found);
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
