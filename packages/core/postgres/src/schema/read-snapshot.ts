import { withTransaction, serverVersion, type PostgresClient } from "../index.ts";
import { families } from "./catalog/families.ts";
import type { Kind, Snapshot } from "./model.ts";
import { toFact, type RoleName, type Row } from "./to-fact.ts";

export interface SnapshotScope {
  /** Where the state tables are; they are no part of the application. */
  readonly stateSchema: string;
  /** The schemas to look at; all but the server's and the platform's own when undefined. */
  readonly include?: readonly string[] | undefined;
}

/** What the catalogs said, before roles are told by other names. */
export interface Reading {
  readonly serverVersion: number;
  readonly rows: readonly { readonly kind: Kind; readonly row: Row }[];
}

/** Reads everything in one pass and one read-only transaction, so that what changes meanwhile is told as it was at one moment. */
export async function readCatalogs(client: PostgresClient, scope: SnapshotScope): Promise<Reading> {
  return withTransaction(client, async () => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return readInTransaction(client, scope);
  });
}

/** The same within a transaction that is open already; its settings are changed until it ends. */
export async function readInTransaction(client: PostgresClient, { stateSchema, include }: SnapshotScope): Promise<Reading> {
  await client.query(settings);
  const version = await serverVersion(client);
  const values = [stateSchema, include ?? null, platformRoles, platformSchemas];
  const { rows } = await client.query<{ kind: Kind; facts: readonly Row[] }>(snapshotSql(version.number), values);
  const read = rows.flatMap(({ kind, facts }) => facts.map((row) => ({ kind, row })));
  return { serverVersion: version.number, rows: read };
}

/** Turns a reading into facts, each role under the name that `roleName` gives it. */
export function toSnapshot({ serverVersion: version, rows }: Reading, roleName: RoleName = (role) => role): Snapshot {
  return { serverVersion: version, facts: rows.map(({ kind, row }) => toFact(kind, row, roleName)) };
}

// Everything that changes how the server prints an expression is set, so that both sides print alike; compiling the query would cost more than running it.
const settings = `
  SET LOCAL search_path = pg_catalog; SET LOCAL jit = off;
  SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL extra_float_digits = 1;
  SET LOCAL bytea_output = 'hex'; SET LOCAL quote_all_identifiers = off; SET LOCAL standard_conforming_strings = on; SET LOCAL xmlbinary = base64`;

/** Supabase's own roles and schemas: the platform changes them without asking, and no migration makes them. */
const platformRoles: readonly string[] = ["supabase_admin", "supabase_auth_admin", "supabase_storage_admin", "supabase_functions_admin", "supabase_realtime_admin", "supabase_replication_admin", "supabase_read_only_user"];
const platformSchemas: readonly string[] = [
  "auth",
  "storage",
  "realtime",
  "_realtime",
  "_analytics",
  "_supavisor",
  "supabase_functions",
  "supabase_migrations",
  "graphql",
  "graphql_public",
  "vault",
  "pgsodium",
  "pgsodium_masks",
  "pgbouncer",
  "net",
  "cron",
  "pgtle",
];

const common = `
  WITH ns AS MATERIALIZED (
    SELECT n.oid, n.nspname, quote_ident(n.nspname) AS name
    FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> $1
      AND ($2::text[] IS NULL OR n.nspname = ANY ($2))
      -- A schema of such a name is the platform's only where its administrator exists.
      AND NOT (n.nspname = ANY ($4) AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'supabase_admin'))
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND deptype = 'e')
  ),
  owned AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  rel AS MATERIALIZED (
    SELECT c.*, ns.name || '.' || quote_ident(c.relname) AS name, pg_get_userbyid(c.relowner) AS owner
    FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
      AND NOT EXISTS (SELECT FROM owned WHERE owned.classid = 'pg_class'::regclass AND owned.objid = c.oid)
  )`;

/** How many objects come as one JSON text: it is read as soon as it is there, so that the whole answer is never kept as text. */
const chunk = 500;

function snapshotSql(version: number): string {
  const parts = families.map(({ kind, sql }) => {
    const text = typeof sql === "string" ? sql : sql(version);
    return `SELECT '${kind}' AS kind, json_agg(json_strip_nulls(row_to_json(fact))) AS facts
      FROM (SELECT row_number() OVER () / ${chunk} AS chunk, fact FROM (${text}) AS fact) AS numbered GROUP BY chunk`;
  });
  return `${common}\n${parts.join("\nUNION ALL\n")}`;
}
