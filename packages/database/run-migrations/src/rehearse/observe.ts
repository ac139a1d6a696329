import type { PostgresClient } from "@org/postgres";
import { lockModes, type LockMode } from "../lint/effects.ts";
import type { RelationSize } from "./rehearsal.ts";

/** The relations of a database by their names with schema, with the sizes that the server last estimated. */
export async function readSizes(client: PostgresClient): Promise<ReadonlyMap<string, RelationSize>> {
  const { rows } = await client.query<RelationSize & { name: string }>(`
    SELECT n.nspname || '.' || c.relname AS name, CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
      CASE WHEN c.reltuples >= 0 THEN c.relpages::float8 * pg_catalog.current_setting('block_size')::int END AS bytes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN (${relationKinds}) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`);
  return new Map(rows.map(({ name, rows: count, bytes }) => [name, { rows: count, bytes }]));
}

const relationKinds = "'r', 'p', 'm', 'v', 'f'";

/** What a session has and waits for. */
export interface HeldLocks {
  /** The strongest lock by relation, also one that it waits for. */
  readonly modes: ReadonlyMap<string, LockMode>;
  readonly isWaiting: boolean;
}

/** Looks from another session, which sees the relations as they were before the transaction under watch. */
export async function readLocks(monitor: PostgresClient, pid: number): Promise<HeldLocks> {
  const { rows } = await monitor.query<{ name: string | null; mode: LockMode; granted: boolean }>(
    `SELECT n.nspname || '.' || c.relname AS name, l.mode, l.granted
     FROM pg_catalog.pg_locks l
       LEFT JOIN pg_catalog.pg_class c ON l.locktype = 'relation' AND c.oid = l.relation AND c.relkind IN (${relationKinds})
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'
     WHERE l.pid = $1`,
    [pid],
  );
  const modes = new Map<string, LockMode>();
  for (const { name, mode } of rows) if (name !== null && isStronger(mode, modes.get(name))) modes.set(name, mode);
  return { modes, isWaiting: rows.some(({ granted }) => !granted) };
}

export function isStronger(mode: LockMode, than: LockMode | undefined): boolean {
  return than === undefined || lockModes.indexOf(mode) > lockModes.indexOf(than);
}

/** What a session sees of the tables, in the middle of its transaction. */
export interface TableStates {
  /** Where the rows are, by oid; another place after a rewrite. */
  readonly filenodes: ReadonlyMap<string, string>;
  /** How often every row was read in this transaction, by oid. */
  readonly scans: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, string>;
}

// What a file does to its search path or role makes no difference: all names are qualified.
export async function readTables(client: PostgresClient): Promise<TableStates> {
  const { rows } = await client.query<{ oid: string; name: string; filenode: string; scans: number }>(`
    SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name, pg_catalog.pg_relation_filenode(c.oid)::text AS filenode,
      coalesce(pg_catalog.pg_stat_get_xact_numscans(c.oid), 0)::int AS scans
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`);
  return {
    filenodes: new Map(rows.map(({ oid, filenode }) => [oid, filenode])),
    scans: new Map(rows.map(({ oid, scans }) => [oid, scans])),
    names: new Map(rows.map(({ oid, name }) => [oid, name])),
  };
}
