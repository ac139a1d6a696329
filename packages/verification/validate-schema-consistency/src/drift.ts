import type { PostgresClient } from "@org/postgres";
import { compareSnapshots, readCatalogs, toSnapshot, type Snapshot, type SnapshotScope, type Unknown } from "@org/postgres/schema";
import type { MigrationCollection } from "@org/run-migrations";
import type { RunContext } from "@org/script";
import { applyIgnoreRules, type Ignored } from "./ignore.ts";
import type { ValidateSettings } from "./settings.ts";
import type { Plan } from "./repair/plan.ts";
import { writeSql, type SqlBothWays } from "./repair/repair.ts";
import { dateDifferences, type Dated } from "./since.ts";
import { readOtherDatabase } from "./sources/other-database.ts";
import { replayMigrations } from "./sources/replayed.ts";
import { readSnapshotFile } from "./sources/snapshot-file.ts";
import type { Expected, SourceKind } from "./sources/source.ts";

/** A difference with the time since when it is there, and the SQL both ways. */
export type ToldDifference = Dated & { readonly sql: SqlBothWays };

export interface Drift {
  readonly differences: readonly ToldDifference[];
  /** What would repair all of them. */
  readonly repair: Plan;
  readonly ignored: readonly Ignored[];
  /** What was not compared, because one side could not be read. */
  readonly unknown: readonly Unknown[];
  /** Rules of `schema.ignore` that accept nothing. */
  readonly unusedRules: readonly string[];
  /** How many objects were compared, by kind. */
  readonly compared: Readonly<Record<string, number>>;
  /** Roles of what is compared with that stand for roles of the live database. */
  readonly roles: Readonly<Record<string, string>>;
}

export interface DriftInput {
  readonly client: PostgresClient;
  readonly source: SourceKind;
  /** The migrations that are applied to the live database; for the source `migrations`. */
  readonly collection: MigrationCollection | undefined;
  readonly context: RunContext<ValidateSettings>;
}

/** Compares the live database with how it should be. Throws a ScriptError when one of the two cannot be read. */
export async function findDrift(input: DriftInput): Promise<Drift> {
  const { client, context } = input;
  const { settings, config } = context;
  // What the databases of a server share is no work of migrations; another database or a snapshot may come from another server.
  const scope = { stateSchema: settings.stateSchema, include: config.schema?.include, clusterWide: input.source !== "migrations", inCommon: new Map() };
  const readExpected = await prepareExpected(input, scope);
  const reading = readCatalogs(client, scope);
  const reads = readExpected();
  // Both are waited for, so that nothing still runs when one of them fails.
  await Promise.allSettled([reading, reads]);
  const [live, expected] = [await reading, await reads];
  const standIns = expected.standIns(live);
  const roles = { ...standIns, ...settings.roleMap };
  const [wanted, present] = [expected.reading, live].map((read) => (Object.keys(standIns).length > 0 ? expected.comparable(read) : read)) as [typeof live, typeof live];
  const [should, is] = [toSnapshot(wanted, Object.keys(roles).length > 0 ? (name) => roles[name] ?? name : undefined), toSnapshot(present)];
  const { differences: all, unknown } = compareSnapshots(should, is);
  const { differences, ...accepted } = applyIgnoreRules(all, config.schema?.ignore ?? []);
  const written = writeSql(should, is, await dateDifferences(client, settings.stateSchema, differences));
  return { differences: written.differences, repair: written.plan, ...accepted, unknown, compared: countKinds(is), roles };
}

/** What is needed of the live session is read first, so that the rest can run beside it. */
async function prepareExpected({ client, source, collection, context }: DriftInput, scope: SnapshotScope): Promise<() => Promise<Expected>> {
  const { against, snapshot } = context.settings;
  if (source === "database") return () => readOtherDatabase({ url: against!.reveal(), scope, signal: context.signal });
  if (source === "snapshot") return () => readSnapshotFile(snapshot!);
  return replayMigrations({ client, collection: collection!, scope, context });
}

function countKinds({ facts }: Snapshot): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of facts) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
