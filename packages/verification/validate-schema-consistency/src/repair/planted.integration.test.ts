// Needs Postgres.
import { compareSnapshots, type Difference } from "@org/postgres/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clinicDrifts } from "../testing/clinic-drifts.ts";
import { clinicMigrations } from "../testing/clinic-schema.ts";
import { createDriftingDatabase, type DriftingDatabase } from "../testing/drifting-database.ts";
import { plantedDriftsAround, plantedDriftsOfCluster } from "../testing/planted-drifts-around.ts";
import { plantedDriftsOfForms } from "../testing/planted-drifts-of-forms.ts";
import { plantedDrifts } from "../testing/planted-drifts.ts";
import { richerMigrations } from "../testing/richer-schema.ts";
import { rolledBack, runPlan } from "../testing/run-plan.ts";
import { planAcceptance, planRepair } from "./repair.ts";
import type { Plan } from "./plan.ts";

const schemas = [
  { schema: "the shop", migrations: richerMigrations, drifts: [...plantedDrifts, ...plantedDriftsOfForms, ...plantedDriftsAround, ...plantedDriftsOfCluster] },
  { schema: "the clinic", migrations: clinicMigrations, drifts: clinicDrifts },
];

interface Outcome {
  readonly plan: Plan;
  /** What is left after the statements. */
  readonly left: readonly Difference[];
}

interface BothWays {
  readonly differences: readonly Difference[];
  readonly repair: Outcome;
  /** Where the way back was taken on what was expected. */
  readonly acceptance: Outcome;
}

/** A drift is found by how it begins. */
type Exceptions = Readonly<Record<string, RegExp>>;

/** Drifts that no statement undoes, with the reason that is told. */
const cannotRepair: Exceptions = {
  "ALTER TYPE shop.state ADD VALUE": /cannot take a value out of shop\.state/u,
  "ALTER TYPE clinic.severity ADD VALUE": /cannot take a value out of clinic\.severity/u,
  "ALTER ROLE drift_other VALID UNTIL": /a role that had an end keeps one/u,
  "ALTER USER MAPPING FOR drift_reader SERVER warehouse": /holds a secret, which no snapshot keeps/u,
  "ALTER DOMAIN clinic.percentage DROP CONSTRAINT": /checks no rows for a constraint of clinic\.percentage/u,
  "CREATE INDEX visits_2024_room ON clinic.visits_2024 (room); ALTER INDEX": /an index stays attached to that of its parent/u,
};

/** Drifts that no statement makes, with the reason that is told. */
const cannotAccept: Exceptions = {
  "DROP EXTENSION citext; CREATE EXTENSION citext SCHEMA shop VERSION": /extensions are updated forwards/u,
  "UPDATE pg_index SET indisvalid": /no statement makes an index invalid/u,
  "ALTER USER MAPPING FOR drift_reader SERVER shop_server": /holds a secret, which no snapshot keeps/u,
  "CREATE SUBSCRIPTION shop_far": /holds a password, which no snapshot keeps/u,
};

/** Labels are set with the help of a provider, and the servers of the tests have none: the statement is all there is to see. */
const refusedByServer: Exceptions = { "INSERT INTO pg_seclabel": /security label provider "\w+" is not loaded, at: SECURITY LABEL FOR /u, "COMMENT ON SCHEMA shop IS 'Shop'; INSERT INTO pg_seclabel": /is not loaded, at: SECURITY LABEL FOR "selinux" ON TABLE shop\.rooms / };

/** What the statements leave, because it hides behind what they are for: a second run finds it. */
const leaves: Exceptions = {
  "ALTER TABLE clinic.papers RENAME COLUMN title": /^column clinic\.letters\./u,
  "ALTER TYPE clinic.contact ADD ATTRIBUTE note": /^column clinic\.tenants\.contact default/u,
};

function exception(exceptions: Exceptions, drift: string): RegExp | undefined {
  return Object.entries(exceptions).find(([beginning]) => drift.startsWith(beginning))?.[1];
}

describe.each(schemas)("every planted drift of $schema", ({ migrations, drifts }) => {
  let database: DriftingDatabase;
  const outcomes: BothWays[] = [];

  beforeAll(async () => {
    database = await createDriftingDatabase({ embedded: false, migrations, scope: { stateSchema: "platform", clusterWide: true } });
  });

  afterAll(() => database.drop());

  async function bothWays(drift: string): Promise<BothWays> {
    const { client, untouched: expected } = database;
    const take = async (plan: Plan, wanted: typeof expected): Promise<Outcome> => {
      await runPlan(client, plan);
      return { plan, left: compareSnapshots(wanted, await database.read()).differences };
    };
    const { found, differences, repair } = await rolledBack(client, async () => {
      await client.query(drift);
      const drifted = await database.read();
      const told = compareSnapshots(expected, drifted).differences;
      return { found: drifted, differences: told, repair: await take(planRepair(expected, drifted, told), expected) };
    });
    return { differences, repair, acceptance: await rolledBack(client, () => take(planAcceptance(expected, found, differences), found)) };
  }

  const ofServer = drifts.map(([sql]) => sql).filter((sql) => exception(refusedByServer, sql) !== undefined);
  const written = drifts.map(([sql]) => sql).filter((sql) => !ofServer.includes(sql));

  test.each(written)("%s", async (sql) => {
    const outcome = await bothWays(sql);
    expect(outcome.differences).not.toEqual([]);
    expectWritten(sql, outcome.repair, cannotRepair);
    expectWritten(sql, outcome.acceptance, cannotAccept);
    outcomes.push(outcome);
  });

  test.each(ofServer)("%s", async (sql) => {
    await expect(bothWays(sql)).rejects.toThrow(exception(refusedByServer, sql));
  });

  test("the score", () => {
    const repaired = outcomes.filter(({ repair: { left, plan } }) => left.length === 0 && plan.unwritable.size === 0);
    const lossy = repaired.filter(({ repair: { plan } }) => plan.steps.some(({ statements }) => statements.some(({ loses }) => loses !== undefined)));
    const refused = outcomes.filter(({ repair: { plan } }) => plan.unwritable.size > 0);
    process.stdout.write(`repaired ${repaired.length} of ${drifts.length}, ${lossy.length} of them with a loss that is told; ${refused.length} said why not\n`);
    expect(outcomes.length).toBe(written.length);
    expect(repaired.length).toBeGreaterThanOrEqual(drifts.length - 10);
  });
});

/** Either nothing is left, or the reason is told. */
function expectWritten(drift: string, { plan, left }: Outcome, refused: Exceptions): void {
  const [reason, leftover] = [exception(refused, drift), exception(leaves, drift)];
  const told = left.map(({ kind, object, property, change }) => `${kind} ${object} ${property ?? change}`);
  const unexpected = reason !== undefined ? [] : told.filter((one) => leftover?.test(one) !== true);
  const reasons = [...plan.unwritable.values()];
  expect({ drift, unexpected, reasons: reason === undefined ? reasons : [] }).toEqual({ drift, unexpected: [], reasons: [] });
  if (reason !== undefined) expect(reasons.join("\n")).toMatch(reason);
}
