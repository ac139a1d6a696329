import { qualifiedName, quoteIdentifier, type PostgresClient } from "@org/postgres";
import { pass, unknown, warn, type Finding } from "@org/script";
import { occurrencesOf, type Told } from "./occurrences.ts";
import { looksAt } from "./scope.ts";

interface Candidate {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly readable: boolean;
}

/** Text columns by whose name they hold the id of something. */
const candidates = `
  SELECT n.nspname AS schema, c.relname AS table, a.attname AS column,
    has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${looksAt} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AND a.attname ~ '(^|_)(id|uuid)$'
  ORDER BY 1, 2, 3`;

/** Rows that are looked at of each table, and how many of them must agree before a type is named. */
const sample = { most: 200, least: 5 };
const batch = 50;

/** Text columns whose values are all uuids, or all numbers. What is in an empty table nobody knows, so it is not told. */
export async function judgeIdColumns(client: PostgresClient, values: readonly unknown[]): Promise<Finding> {
  const { rows } = await client.query<Candidate>(candidates, values);
  const readable = rows.filter((row) => row.readable);
  const found: Told[] = [];
  for (let at = 0; at < readable.length; at += batch) found.push(...(await findTyped(client, readable.slice(at, at + batch))));
  const extra = { value: found.length, unit: "count" };
  if (found.length > 0) {
    const remedy = "Change the column to the type of its values: it is smaller, faster and refuses what is no id.";
    const occurrences = occurrencesOf(found, { rule: "consistency.id-columns", level: "warning", remedy });
    return warn(`text that holds ids: ${found.map(({ message }) => message).join(", ")}`, remedy, { ...extra, occurrences });
  }
  const hidden = rows.filter((row) => !row.readable).map(({ schema, table, column }) => `${qualifiedName(schema, table)}.${quoteIdentifier(column)}`);
  if (hidden.length > 0) return unknown(`not readable: ${hidden.join(", ")}`, "GRANT SELECT on these columns to the role.", { code: "permission" });
  return pass(`${rows.length} text columns with the name of an id, none holds uuids or numbers only`, extra);
}

async function findTyped(client: PostgresClient, columns: readonly Candidate[]): Promise<readonly Told[]> {
  const looks = columns.map(({ schema, table, column }, at) => {
    const value = quoteIdentifier(column);
    return `SELECT ${at} AS at, count(*)::int AS rows, bool_and(value ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$') AS uuid,
      bool_and(value ~ '^[1-9][0-9]{0,17}$') AS number FROM (SELECT ${value}::text AS value FROM ${qualifiedName(schema, table)} WHERE ${value} IS NOT NULL LIMIT ${sample.most}) AS sample`;
  });
  const { rows } = await client.query<{ at: number; rows: number; uuid: boolean | null; number: boolean | null }>(looks.join(" UNION ALL "));
  return rows.flatMap(({ at, rows: count, uuid, number }) => {
    const { schema, table, column } = columns[at]!;
    if (count < sample.least || (uuid !== true && number !== true)) return [];
    const object = [schema, table, column].map(quoteIfNeeded).join(".");
    return [{ object, message: `${object} (${uuid === true ? "uuid" : "bigint"})` }];
  });
}

/** As the catalogs write a name, so that it reads like those of the other checks. */
function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/u.test(name) ? name : quoteIdentifier(name);
}
