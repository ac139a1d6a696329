import { parseAclItem, readCatalogs, toSnapshot, type Fact, type Reading, type Row, type SnapshotScope } from "@org/postgres/schema";
import type { PostgresClient } from "@org/postgres";
import type { MigrationCollection } from "@org/run-migrations";
import type { BaselineScope } from "@org/run-migrations/replay";
import type { RunContext } from "@org/script";
import type { ValidateSettings } from "../settings.ts";
import type { Expected } from "./source.ts";

export interface Replaying {
  /** Of the live database, which has what was there before the first migration. */
  readonly client: PostgresClient;
  /** The migrations that are applied to the live database. */
  readonly collection: MigrationCollection;
  readonly scope: SnapshotScope;
  readonly context: RunContext<ValidateSettings>;
}

/** What the migrations make, from a replay in a scratch database. Throws a ScriptError when it cannot be made or read. */
export async function replayMigrations({ client, collection, scope, context }: Replaying): Promise<() => Promise<Expected>> {
  const { settings, config, root, signal, logger } = context;
  const { readReplayGround, withReplay } = await import("@org/run-migrations/replay");
  const ground = await readReplayGround(client, { config, root, stateSchema: settings.stateSchema });
  const url = (settings.shadowUrl ?? settings.databaseUrl).reveal();
  return () =>
    withReplay({ url, collection, ground, applicationName: "validate-schema-consistency", signal, logger }, async (replay) => {
      const reading = await readCatalogs(replay.client, scope);
      return { reading, standIns: (live) => standIns(reading, live, replay.role), comparable: (read) => withoutPreparedDefaults(read, ground.scope) };
    });
}

/**
 * The stand-in creates with the default privileges of the role that it stands for, so of those that init-database gives nobody can tell any more whose they
 * are; all others are still compared.
 */
function withoutPreparedDefaults(read: Reading, { grantees }: BaselineScope): Reading {
  const prepared = new Set(grantees);
  const comparable = (row: Row): readonly Row[] => {
    if (!row.name.includes(" in schema ")) return [row];
    const acl = (row["acl"] as string[]).filter((item) => !prepared.has(parseAclItem(item).grantee));
    return acl.length === 0 ? [] : [{ ...row, acl }];
  };
  return { ...read, parts: read.parts.map((part) => (part.kind === "default privileges" ? { ...part, rows: part.rows.flatMap(comparable) } : part)) };
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
