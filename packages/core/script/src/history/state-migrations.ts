import { advisoryLockKey, quoteIdentifier, tableExists, withAdvisoryLock, withTransaction, type PostgresClient } from "@org/postgres";
import { stateMigrations, type StateMigration } from "./state-schema.ts";

export interface ApplyStateOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for another process that applies them, in milliseconds; 30 000 unless told. */
  readonly lockWaitMs?: number | undefined;
}

/**
 * Applies the steps of the state schema that are missing, each once and in a transaction of its own, and tells which. Makes
 * the schema when it is not there. The tables belong to the role that the session acts as.
 */
export async function applyStateMigrations(client: PostgresClient, schema: string, options: ApplyStateOptions = {}): Promise<readonly StateMigration[]> {
  const key = advisoryLockKey(`platform-scripts state ${schema}`);
  return withAdvisoryLock(client, { key, waitMs: options.lockWaitMs ?? 30_000, signal: options.signal }, async () => {
    const pending = await planStateMigrations(client, schema);
    for (const migration of pending) await withTransaction(client, () => apply(client, schema, migration));
    return pending;
  });
}

/** The steps that applyStateMigrations would apply now. Changes nothing. */
export async function planStateMigrations(client: PostgresClient, schema: string): Promise<readonly StateMigration[]> {
  const present = (await readStateVersion(client, schema)) ?? 0;
  return stateMigrations(schema).filter(({ version }) => version > present);
}

/** The newest step that was applied, or null when there is no state schema. It may be newer than this release knows. */
export async function readStateVersion(client: PostgresClient, schema: string): Promise<number | null> {
  if (!(await tableExists(client, schema, "state_version"))) return null;
  const { rows } = await client.query<{ version: number | null }>(`select max(version) as version from ${quoteIdentifier(schema)}.state_version`);
  return rows[0]?.version ?? null;
}

async function apply(client: PostgresClient, schema: string, { version, name, sql }: StateMigration): Promise<void> {
  // Not "create schema if not exists": that asks for the right to create also when there is nothing to create.
  const { rows } = await client.query("select 1 from pg_namespace where nspname = $1", [schema]);
  if (rows.length === 0) await client.query(`create schema ${quoteIdentifier(schema)}`);
  await client.query(sql);
  await client.query(`insert into ${quoteIdentifier(schema)}.state_version (version, name) values ($1, $2)`, [version, name]);
}
