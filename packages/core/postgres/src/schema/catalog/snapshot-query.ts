import type { Kind } from "../model.ts";
import type { Access } from "./access.ts";
import type { Family } from "./family.ts";

/** What the query's parameters stand for: the state schema, the schemas to look at, and what belongs to the platform. */
export function queryValues({ stateSchema, include }: QueryScope): readonly (string | readonly string[] | null)[] {
  return [stateSchema, include ?? null, platformRoles, platformSchemas];
}

export interface QueryScope {
  readonly stateSchema: string;
  readonly include?: readonly string[] | undefined;
}

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
  -- Read by itself, a family may have no use for a parameter, whose type the server must know all the same.
  parameters AS (SELECT $3::text[] AS platform_roles),
  owned AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  rel AS MATERIALIZED (
    SELECT c.*, ns.name || '.' || quote_ident(c.relname) AS name, pg_get_userbyid(c.relowner) AS owner
    FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
      AND NOT EXISTS (SELECT FROM owned WHERE owned.classid = 'pg_class'::regclass AND owned.objid = c.oid)
  )`;

/** In so many texts the objects of a kind come, each object by its name in the same one on every server: what differs leaves the others equal. */
const buckets = 32;

/**
 * One statement that reads the families, so that all is told as it was at one moment and in one answer: `records` are objects as the server writes rows, in
 * an order that follows from them alone, and `columns` says once for each kind what their fields are.
 */
export function snapshotSql(families: readonly Family[], access: Access): string {
  const parts = families.map(({ kind, sql }) => {
    const text = typeof sql === "string" ? sql : sql(access);
    return `SELECT '${kind}' AS kind, max(columns) AS columns, string_agg(record, E'\\n' ORDER BY record COLLATE "C") AS records
      FROM (SELECT hashtext(fact.name) % ${buckets} AS bucket, fact::text AS record, CASE row_number() OVER () WHEN 1 THEN (${columnNames})::text END AS columns
        FROM (${text} OFFSET 0) AS fact) AS told GROUP BY bucket`;
  });
  return `${common}\n${parts.join("\nUNION ALL\n")}`;
}

/** A row of what that statement gives. */
export interface Answer {
  readonly kind: Kind;
  /** The names of the fields, as JSON; once for each kind. */
  readonly columns: string | null;
  readonly records: string;
}

/** A statement that gives, as `kind`, those of the families that may have rows: most databases have no use for most kinds, and planning a query for each costs more than this. */
export function presentKindsSql(families: readonly Family[]): string {
  return families.map(({ kind, source }) => `SELECT '${kind}' AS kind${source === undefined ? "" : ` WHERE EXISTS (SELECT FROM ${source})`}`).join(" UNION ALL ");
}

const columnNames = "SELECT json_agg(key) FROM json_object_keys(row_to_json(fact)) AS key";
