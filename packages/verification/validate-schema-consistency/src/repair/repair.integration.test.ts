// Needs Postgres.
import type { PostgresClient } from "@org/postgres";
import { compareSnapshots, readCatalogs, readInTransaction, toSnapshot, type Difference, type Snapshot } from "@org/postgres/schema";
import { createScratchDatabase, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { edgeSchema } from "../testing/edge-schema.ts";
import { execute, onDatabase } from "../testing/live-database.ts";
import { plantedDrifts } from "../testing/planted-drifts.ts";
import { createRoles, richMigrations } from "../testing/rich-schema.ts";
import { rolledBack, runPlan } from "../testing/run-plan.ts";
import { planAcceptance, planRepair } from "./repair.ts";
import type { Plan } from "./plan.ts";

const scope = { stateSchema: "platform" };
let rich: ScratchDatabase;
let expected: Snapshot;

beforeAll(async () => {
  rich = await createScratchDatabase();
  await execute(rich.url, createRoles, ...Object.values(richMigrations));
  expected = await read(rich.url);
});

afterAll(() => rich.drop());

function read(url: string): Promise<Snapshot> {
  return onDatabase(url, async (client) => toSnapshot(await readCatalogs(client, scope)));
}

async function readNow(client: PostgresClient): Promise<Snapshot> {
  return toSnapshot(await readInTransaction(client, scope));
}

function differencesOf(wanted: Snapshot, found: Snapshot): readonly Difference[] {
  return compareSnapshots(wanted, found).differences;
}

interface Outcome {
  readonly plan: Plan;
  readonly differences: readonly Difference[];
  /** What is left after the repair. */
  readonly left: readonly Difference[];
  /** Where the way back was taken on what was expected. */
  readonly back: { readonly plan: Plan; readonly left: readonly Difference[] };
}

async function repairAfter(client: PostgresClient, drift: string): Promise<Outcome> {
  const { plan, differences, left, drifted } = await rolledBack(client, async () => {
    await client.query(drift);
    const found = await readNow(client);
    const told = differencesOf(expected, found);
    const repair = planRepair(expected, found, told);
    await runPlan(client, repair);
    return { plan: repair, differences: told, drifted: found, left: differencesOf(expected, await readNow(client)) };
  });
  const back = await rolledBack(client, async () => {
    const acceptance = planAcceptance(expected, drifted, differences);
    await runPlan(client, acceptance);
    return { plan: acceptance, left: differencesOf(drifted, await readNow(client)) };
  });
  return { plan, differences, left, back };
}

/** No statement undoes it, and so it is none of several that are to be undone. */
const endures = (drift: string): boolean => drift.startsWith("ALTER TYPE shop.state ADD VALUE");

/** Runs the plan on the database and tells what is left; everything is rolled back. */
async function leftAfter(url: string, wanted: Snapshot, found: Snapshot): Promise<{ readonly left: readonly Difference[]; readonly reasons: readonly string[] }> {
  const plan = planRepair(wanted, found, differencesOf(wanted, found));
  return onDatabase(url, (client) =>
    rolledBack(client, async () => {
      await runPlan(client, plan);
      return { left: differencesOf(wanted, await readNow(client)), reasons: [...plan.unwritable.values()] };
    }),
  );
}

test("what a view's column carries goes, and the column stays", async () => {
  const drift = "COMMENT ON COLUMN shop.paid.price IS 'x'; ALTER VIEW shop.paid ALTER COLUMN id SET DEFAULT 7; COMMENT ON COLUMN shop.address.city IS 'x'";
  const { plan, left, back } = await onDatabase(rich.url, (client) => repairAfter(client, drift));
  expect({ left, reasons: [...plan.unwritable.values()], losses: plan.steps.flatMap(({ statements }) => statements.flatMap(({ loses }) => loses ?? [])) }).toEqual({ left: [], reasons: [], losses: [] });
  expect(back.left).toEqual([]);
});

describe("a whole schema", () => {
  let empty: ScratchDatabase;
  let edge: ScratchDatabase;

  beforeAll(async () => {
    [empty, edge] = [await createScratchDatabase(), await createScratchDatabase()];
    await execute(edge.url, edgeSchema);
  });

  afterAll(async () => {
    await empty.drop();
    await edge.drop();
  });

  test("the rich one is made from nothing, but for the credentials that no snapshot keeps", async () => {
    const { left, reasons } = await leftAfter(empty.url, expected, await read(empty.url));
    expect(left.map(({ kind, object, change }) => [kind, object, change])).toEqual([["user mapping", "shop_server for drift_reader", "missing"]]);
    expect(reasons).toEqual([expect.stringContaining("holds a secret")]);
  });

  test("the rich one is taken away to nothing", async () => {
    expect(await leftAfter(rich.url, await read(empty.url), expected)).toEqual({ left: [], reasons: [] });
  });

  test("one of rare things and names that hurt is made from nothing", async () => {
    expect(await leftAfter(empty.url, await read(edge.url), await read(empty.url))).toEqual({ left: [], reasons: [] });
  });

  test("and taken away to nothing", async () => {
    expect(await leftAfter(edge.url, await read(empty.url), await read(edge.url))).toEqual({ left: [], reasons: [] });
  });

  test.each(["DROP SCHEMA shop CASCADE", "DROP TABLE shop.customers CASCADE", "DROP DOMAIN shop.email CASCADE", "DROP FUNCTION shop.add CASCADE", "DROP TABLE shop.events CASCADE", `DROP OWNED BY drift_reader`])("%s", async (sql) => {
    const { left, plan } = await onDatabase(rich.url, (client) => repairAfter(client, sql));
    const own = left.filter(({ kind }) => kind !== "user mapping");
    expect({ own, plan: [...plan.unwritable.keys()].filter(({ kind }) => kind !== "user mapping") }).toEqual({ own: [], plan: [] });
  });
});

describe("several drifts at once", () => {
  test.each([1, 2, 3, 4, 5, 6])("twenty by lot, seed %i", async (seed) => {
    const { left, plan, drifts } = await onDatabase(rich.url, (client) =>
      rolledBack(client, async () => {
        const chosen = await plantTogether(client, shuffled(plantedDrifts.map(([sql]) => sql), seed));
        const found = await readNow(client);
        const repair = planRepair(expected, found, differencesOf(expected, found));
        await runPlan(client, repair);
        return { drifts: chosen, plan: repair, left: differencesOf(expected, await readNow(client)) };
      }),
    );
    expect(drifts.length).toBe(20);
    expect({ left, reasons: [...plan.unwritable.values()] }).toEqual({ left: [], reasons: [] });
  });
});

/** The first twenty that go together: some drifts take away what others change. */
async function plantTogether(client: PostgresClient, drifts: readonly string[]): Promise<readonly string[]> {
  const chosen: string[] = [];
  for (const drift of drifts.filter((sql) => !endures(sql))) {
    if (chosen.length === 20) break;
    await client.query("SAVEPOINT planted");
    const isPlanted = await client.query(drift).then(
      () => true,
      () => false,
    );
    await client.query(isPlanted ? "RELEASE SAVEPOINT planted" : "ROLLBACK TO SAVEPOINT planted");
    if (isPlanted) chosen.push(drift);
  }
  return chosen;
}

/** Always the same order for a seed. */
function shuffled(items: readonly string[], seed: number): readonly string[] {
  let state = seed;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  return items.map((item) => ({ item, place: next() })).toSorted((a, b) => a.place - b.place).map(({ item }) => item);
}
