import type { MigrationCollection } from "@org/run-migrations";
import { compareSnapshots, parseAclItem, readCatalogs, toSnapshot, type Difference, type Fact, type Reading, type Snapshot, type Unknown } from "@org/postgres/schema";
import type { PostgresClient } from "@org/postgres";
import type { BaselineScope } from "@org/run-migrations/replay";
import type { RunContext } from "@org/script";
import { applyIgnoreRules, type Ignored } from "./ignore.ts";
import type { ValidateSettings } from "./settings.ts";

export interface Drift {
  readonly differences: readonly Difference[];
  readonly ignored: readonly Ignored[];
  /** What was not compared, because one side could not be read. */
  readonly unknown: readonly Unknown[];
  /** How many objects were compared, by kind. */
  readonly compared: Readonly<Record<string, number>>;
  /** Roles of the replay that stand for roles of the live database. */
  readonly roles: Readonly<Record<string, string>>;
}

export interface DriftInput {
  readonly client: PostgresClient;
  /** The migrations that are applied to the live database. */
  readonly collection: MigrationCollection;
  readonly context: RunContext<ValidateSettings>;
}

/** Compares the live database with what its migrations make. Throws a ScriptError when one of the two cannot be read. */
export async function findDrift({ client, collection, context }: DriftInput): Promise<Drift> {
  const { settings, config, root, signal, logger } = context;
  const { readReplayGround, withReplay } = await import("@org/run-migrations/replay");
  const scope = { stateSchema: settings.stateSchema, include: config.schema?.include };
  const ground = await readReplayGround(client, { config, root, stateSchema: settings.stateSchema });
  const reading = readCatalogs(client, scope);
  const url = (settings.shadowUrl ?? settings.databaseUrl).reveal();
  const replaying = withReplay({ url, collection, ground, applicationName: "validate-schema-consistency", signal, logger }, async (replay) => ({
    reading: await readCatalogs(replay.client, scope),
    role: replay.role,
  }));
  // Both are waited for, so that nothing still runs when one of them fails.
  await Promise.allSettled([reading, replaying]);
  const [live, replayed] = [await reading, await replaying];
  const roles = standIns(replayed.reading, live, replayed.role);
  const isStandIn = Object.keys(roles).length > 0;
  const [wanted, present] = [replayed.reading, live].map((read) => (isStandIn ? withoutPreparedDefaults(read, ground.scope) : read)) as [Reading, Reading];
  const [expected, found] = [toSnapshot(wanted, (name) => roles[name] ?? name), toSnapshot(present)];
  const { differences, unknown } = compareSnapshots(expected, found);
  return { ...applyIgnoreRules(differences, config.schema?.ignore ?? []), unknown, compared: countKinds(found), roles };
}

/**
 * The stand-in creates with the default privileges of the role that it stands for, so of those that init-database gives nobody can tell any more whose they
 * are; all others are still compared.
 */
function withoutPreparedDefaults(read: Reading, { grantees }: BaselineScope): Reading {
  const prepared = new Set(grantees);
  const rows = read.rows.flatMap((entry) => {
    if (entry.kind !== "default privileges" || !entry.row.name.includes(" in schema ")) return [entry];
    const acl = (entry.row["acl"] as string[]).filter((item) => !prepared.has(parseAclItem(item).grantee));
    return acl.length === 0 ? [] : [{ ...entry, row: { ...entry.row, acl } }];
  });
  return { ...read, rows };
}

function countKinds({ facts }: Snapshot): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of facts) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/**
 * Where the role that replays owns nothing of what it made in the scratch database, it stands for the role that does: another role migrated.
 * Where it owns any of it, it is the one who migrated, and every other owner is a difference.
 */
function standIns(scratch: Reading, live: Reading, role: string): Record<string, string> {
  const owners = new Map(toSnapshot(live).facts.map((fact) => [`${fact.kind} ${fact.name}`, fact.properties["owner"]]));
  const own = (fact: Fact): boolean => fact.properties["owner"] === role;
  const counts = new Map<string, number>();
  for (const fact of toSnapshot(scratch).facts.filter(own)) {
    const owner = owners.get(`${fact.kind} ${fact.name}`);
    if (owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most === undefined || counts.has(role) ? {} : { [role]: most[0] };
}
