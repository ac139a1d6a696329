import type { PostgresClient } from "@org/postgres";
import type { WrittenName } from "@org/run-migrations";

/** A table as it is in the database now. */
export interface LiveTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Qualified, quoted where SQL needs it. */
  readonly label: string;
}

export interface LiveColumn {
  readonly table: LiveTable;
  readonly name: string;
  /** Qualified, quoted where SQL needs it. */
  readonly label: string;
  /** As SQL, quoted. */
  readonly quoted: string;
}

const tableColumns = `c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS label`;
const tables = `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;
const holdsRows = `c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'`;

/** The schemas that a name without one is looked for in. */
export async function sessionSchemas(client: PostgresClient): Promise<readonly string[]> {
  const { rows } = await client.query<{ schemas: string[] }>("SELECT pg_catalog.current_schemas(false)::text[] AS schemas");
  return rows[0]!.schemas;
}

/** All tables of that name. */
export async function tablesNamed(client: PostgresClient, name: string): Promise<readonly LiveTable[]> {
  const { rows } = await client.query<LiveTable>(`SELECT ${tableColumns} FROM ${tables} WHERE c.relname = $1 AND ${holdsRows} ORDER BY n.nspname`, [name]);
  return rows;
}

/** The tables of a schema; a partition goes with its parent. */
export async function tablesOfSchema(client: PostgresClient, schema: string): Promise<readonly LiveTable[]> {
  const { rows } = await client.query<LiveTable>(`SELECT ${tableColumns} FROM ${tables} WHERE n.nspname = $1 AND ${holdsRows} AND NOT c.relispartition ORDER BY c.relname`, [schema]);
  return rows;
}

/** The tables that an extension made. */
export async function tablesOfExtension(client: PostgresClient, extension: string): Promise<readonly LiveTable[]> {
  const { rows } = await client.query<LiveTable>(
    `SELECT ${tableColumns} FROM ${tables} JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
       JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::regclass
     WHERE e.extname = $1 AND ${holdsRows} ORDER BY 4`,
    [extension],
  );
  return rows;
}

/** The tables that refer to one, and those that refer to them: all, or those whose rows are deleted along with it. */
export async function tablesReferringTo(client: PostgresClient, { oid }: LiveTable, { deleted }: { readonly deleted: boolean }): Promise<readonly LiveTable[]> {
  const { rows } = await client.query<LiveTable>(
    `WITH RECURSIVE referring AS (
       SELECT $1::oid AS oid
       UNION
       SELECT k.conrelid FROM pg_catalog.pg_constraint k JOIN referring r ON k.confrelid = r.oid WHERE k.contype = 'f' AND (NOT $2 OR k.confdeltype = 'c')
     )
     SELECT ${tableColumns} FROM referring r JOIN ${tables} ON c.oid = r.oid WHERE r.oid <> $1::oid ORDER BY 4`,
    [oid, deleted],
  );
  return rows;
}

interface ColumnRow extends LiveTable {
  readonly column: string;
  readonly quoted: string;
}

const columnQuery = `
  SELECT ${tableColumns}, a.attname::text AS column, pg_catalog.quote_ident(a.attname) AS quoted
  FROM ${tables} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE ${holdsRows} AND a.attgenerated = ''`;

function toColumn({ column, quoted, oid, schema, name, label }: ColumnRow): LiveColumn {
  return { table: { oid, schema, name, label }, name: column, quoted, label: `${label}.${quoted}` };
}

/** Undefined where there is none, or one that the server computes from others. */
export async function columnNamed(client: PostgresClient, table: LiveTable, column: string): Promise<LiveColumn | undefined> {
  const { rows } = await client.query<ColumnRow>(`${columnQuery} AND c.oid = $1::oid AND a.attname = $2`, [table.oid, column]);
  return rows.map(toColumn)[0];
}

/** The columns of a type, of a list of it, of the types of a schema or of an extension. */
export async function columnsOfTypes(client: PostgresClient, of: { readonly type: WrittenName } | { readonly schema: string } | { readonly extension: string }): Promise<readonly LiveColumn[]> {
  const [condition, values] = typeCondition(of);
  const types = `SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace WHERE ${condition}`;
  const { rows } = await client.query<ColumnRow>(
    `${columnQuery} AND NOT c.relispartition AND a.atttypid IN (SELECT oid FROM (${types}) AS t UNION SELECT l.oid FROM pg_catalog.pg_type l JOIN (${types}) AS t ON l.typelem = t.oid) ORDER BY 4, a.attnum`,
    values,
  );
  return rows.map(toColumn);
}

function typeCondition(of: { readonly type: WrittenName } | { readonly schema: string } | { readonly extension: string }): [string, readonly (string | null)[]] {
  if ("type" in of) return ["t.typname = $1 AND ($2::text IS NULL OR tn.nspname = $2)", [of.type.name, of.type.schema ?? null]];
  if ("schema" in of) return ["tn.nspname = $1", [of.schema]];
  const member = `SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e' AND e.extname = $1`;
  return [`EXISTS (${member})`, [of.extension]];
}

/** Whether every value of a column stays as it is in another type (as SQL). */
export async function keepsValues(client: PostgresClient, { table, name }: LiveColumn, type: string): Promise<boolean> {
  const { rows } = await client.query<{ keeps: boolean }>(
    `SELECT coalesce(w.oid = a.atttypid OR w.typname IN ('text', 'varchar') OR (w.typname, t.typname) IN (('int4', 'int2'), ('int8', 'int2'), ('int8', 'int4'), ('numeric', 'int2'), ('numeric', 'int4'), ('numeric', 'int8')), false) AS keeps
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_type w ON w.oid = pg_catalog.to_regtype($3)
     WHERE a.attrelid = $1::oid AND a.attname = $2`,
    [table.oid, name, type],
  );
  return rows[0]?.keeps === true;
}

/** Whether a function is one of the server's own. */
export async function isBuiltIn(client: PostgresClient, { schema, name }: WrittenName): Promise<boolean> {
  if (schema !== undefined && schema !== "pg_catalog") return false;
  const { rows } = await client.query("SELECT FROM pg_catalog.pg_proc WHERE proname = $1 AND pronamespace = 'pg_catalog'::regnamespace LIMIT 1", [name]);
  return rows.length > 0;
}
