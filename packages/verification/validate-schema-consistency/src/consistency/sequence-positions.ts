import { qualifiedName, quoteIdentifier, type PostgresClient } from "@org/postgres";
import { fail, pass, unknown, type Finding } from "@org/script";
import { occurrencesOf, type Told } from "./occurrences.ts";
import { looksAt } from "./scope.ts";

/** A sequence that feeds a column whose largest value an index tells at once. */
interface Fed {
  readonly sequence: string;
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** Whether the role sees every value and the sequence's own. */
  readonly readable: boolean;
  /** What the sequence gave last; null before the first value. */
  readonly last: string | null;
  readonly start: string;
}

const fedColumns = `
  SELECT quote_ident(sn.nspname) || '.' || quote_ident(s.relname) AS sequence, n.nspname AS schema, c.relname AS table, a.attname AS column,
    has_column_privilege(c.oid, a.attnum, 'SELECT') AND has_sequence_privilege(s.oid, 'SELECT, USAGE') AND has_schema_privilege(n.oid, 'USAGE')
      AND NOT row_security_active(c.oid) AS readable,
    v.last_value::text AS last, v.start_value::text AS start
  FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_sequences v ON v.schemaname = sn.nspname AND v.sequencename = s.relname
  JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
  WHERE ${looksAt} AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    AND v.increment_by > 0 AND NOT v.cycle AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    AND (a.attidentity <> '' OR EXISTS (SELECT FROM pg_attrdef f WHERE f.adrelid = c.oid AND f.adnum = a.attnum AND pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval(%'))
    AND EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam
      WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND i.indisvalid AND am.amname = 'btree')
  ORDER BY 1`;

/** As many tables are asked in one statement. */
const batch = 100;

/** Sequences whose next value the column has already: the next insert meets it. */
export async function judgeSequencePositions(client: PostgresClient, values: readonly unknown[]): Promise<Finding> {
  const { rows } = await client.query<Fed>(fedColumns, values);
  const readable = rows.filter((row) => row.readable);
  const behind: Told[] = [];
  for (let at = 0; at < readable.length; at += batch) behind.push(...(await findBehind(client, readable.slice(at, at + batch))));
  const extra = { value: behind.length, unit: "count" };
  if (behind.length > 0) {
    const remedy = "Set each to the largest value with setval: the next inserts fail, or give values twice.";
    const occurrences = occurrencesOf(behind, { rule: "consistency.sequence-positions", level: "error", remedy });
    return fail(`behind their column: ${behind.map(({ message }) => message).join(", ")}`, remedy, { ...extra, occurrences });
  }
  const hidden = rows.filter((row) => !row.readable).map(({ sequence }) => sequence);
  if (hidden.length > 0) return unknown(`not readable, or only in part: ${hidden.join(", ")}`, "GRANT SELECT on these sequences and their tables to the role; where row security hides rows, run it as a role with BYPASSRLS.", { code: "permission" });
  return pass(`${rows.length} sequences are past the largest value of their column`, extra);
}

async function findBehind(client: PostgresClient, fed: readonly Fed[]): Promise<readonly Told[]> {
  const largest = fed.map(({ schema, table, column }, at) => `SELECT ${at} AS at, max(${quoteIdentifier(column)})::text AS largest FROM ${qualifiedName(schema, table)}`);
  const { rows } = await client.query<{ at: number; largest: string | null }>(largest.join(" UNION ALL "));
  return rows.flatMap(({ at, largest: value }) => {
    const { sequence, table, column, last, start } = fed[at]!;
    const given = last === null ? BigInt(start) - 1n : BigInt(last);
    return value !== null && BigInt(value) > given ? [{ object: sequence, message: `${sequence} is at ${last ?? "its start"}, ${table}.${column} has ${value}` }] : [];
  });
}
