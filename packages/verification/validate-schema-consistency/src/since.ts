import { isScriptError } from "@org/exit-codes";
import { readRefusal, tableExists, type PostgresClient } from "@org/postgres";
import { toSnapshot, type Difference, type Fact } from "@org/postgres/schema";
import { listSnapshotsOfRuns, readSnapshotOfRun, type SnapshotOfRun } from "@org/script/history";

/** Since when an object differs, as far as the snapshots that runs stored tell it. */
export interface Since {
  /** The last run after which the object was as expected; null when none of the stored ones shows it so. */
  readonly afterRun: string | null;
  /** When that run stored its snapshot; ISO 8601. */
  readonly at: string | null;
  /** In words: after which run, or why that is not known. */
  readonly reason: string;
}

/** A difference with the time since when it is there. */
export interface Dated extends Difference {
  readonly since: Since;
}

/** Goes back through the snapshots that runs stored, until each difference is found as it should be. Changes nothing. */
export async function dateDifferences(client: PostgresClient, schema: string, differences: readonly Difference[]): Promise<readonly Dated[]> {
  if (differences.length === 0) return [];
  const runs = await storedRuns(client, schema);
  if (typeof runs === "string") return differences.map((difference) => ({ ...difference, since: undated(runs) }));
  const found = new Map<Difference, Since>();
  for (const run of runs) {
    if (found.size === differences.length) break;
    const facts = await factsOf(client, schema, run);
    for (const difference of differences) {
      if (facts !== undefined && !found.has(difference) && wasAsExpected(facts, difference)) found.set(difference, after(run));
    }
  }
  const before = undated(`it was so already when the oldest stored run ended (${runs.at(-1)!.runId} of ${runs.at(-1)!.takenAt})`);
  return differences.map((difference) => ({ ...difference, since: found.get(difference) ?? before }));
}

/** The runs, or why there are none to be asked. */
async function storedRuns(client: PostgresClient, schema: string): Promise<readonly SnapshotOfRun[] | string> {
  if (!(await tableExists(client, schema, "schema_snapshots"))) return `there is no table ${schema}.schema_snapshots; run npx @org/init-database`;
  try {
    const runs = await listSnapshotsOfRuns(client, schema);
    return runs.length === 0 ? "no run has stored a snapshot yet" : runs;
  } catch (error) {
    if (readRefusal(error)?.code !== "permission") throw error;
    return `the role may not read ${schema}.schema_snapshots`;
  }
}

type Facts = ReadonlyMap<string, Fact>;

/** undefined: another release stored it, and what it tells cannot be compared. */
async function factsOf(client: PostgresClient, schema: string, { runId }: SnapshotOfRun): Promise<Facts | undefined> {
  try {
    const { facts } = toSnapshot(await readSnapshotOfRun(client, schema, runId));
    return new Map(facts.map((fact) => [`${fact.kind} ${fact.name}`, fact]));
  } catch (error) {
    if (isScriptError(error) && error.code === "configuration") return undefined;
    throw error;
  }
}

function wasAsExpected(facts: Facts, { kind, object, change, property, expected }: Difference): boolean {
  const fact = facts.get(`${kind} ${object}`);
  if (property === null) return (fact !== undefined) === (change === "missing");
  return fact !== undefined && (fact.properties[property] ?? null) === expected;
}

function after({ runId, takenAt }: SnapshotOfRun): Since {
  return { afterRun: runId, at: takenAt, reason: `it was as expected when the run ${runId} ended (${takenAt})` };
}

function undated(reason: string): Since {
  return { afterRun: null, at: null, reason };
}
