import type { PostgresClient } from "@org/postgres";
import type { LiveColumn, LiveTable } from "./live-tables.ts";
import type { RowCount } from "../rollback-status.ts";

export const uncounted: RowCount = { rows: null, exact: false };

/** Counts the rows; where that takes too long or is not allowed, the statistics tell. */
export async function countRows(client: PostgresClient, table: LiveTable): Promise<RowCount> {
  return (await count(client, `SELECT count(*)::text AS rows FROM ${table.label}`)) ?? estimate(client, table);
}

/** Counts the values that are there, without the nulls. */
export async function countValues(client: PostgresClient, { table, quoted }: LiveColumn): Promise<RowCount> {
  return (await count(client, `SELECT count(${quoted})::text AS rows FROM ${table.label}`)) ?? estimate(client, table);
}

/** The rows that a DELETE would find: counted by its own condition, else as its plan estimates. */
export async function countDeleted(client: PostgresClient, sql: string): Promise<RowCount> {
  const query = sql.replace(/^DELETE\s+FROM\b/iu, "SELECT count(*)::text AS rows FROM");
  return (query === sql ? undefined : await count(client, query)) ?? planned(client, sql);
}

/** Undefined where the server does not count: it takes too long, is locked, hides rows or is no query. */
async function count(client: PostgresClient, query: string): Promise<RowCount | undefined> {
  try {
    const { rows } = await client.query<{ rows: string }>(query);
    return rows[0] && { rows: Number(rows[0].rows), exact: true };
  } catch (error) {
    return refused(error);
  }
}

async function estimate(client: PostgresClient, { oid }: LiveTable): Promise<RowCount> {
  const { rows } = await client.query<{ rows: number | null }>(
    `WITH RECURSIVE family AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON i.inhparent = f.oid)
     SELECT CASE WHEN bool_and(c.reltuples >= 0 OR c.relkind = 'p') THEN sum(greatest(c.reltuples, 0))::float8 END AS rows FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid`,
    [oid],
  );
  return { rows: rows[0]?.rows ?? null, exact: false };
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Plan Rows": number;
  readonly Plans?: readonly PlanNode[];
}

async function planned(client: PostgresClient, sql: string): Promise<RowCount> {
  try {
    const { rows } = await client.query<{ "QUERY PLAN": readonly { readonly Plan: PlanNode }[] }>(`EXPLAIN (FORMAT JSON) ${sql}`);
    return { rows: rowsFed(rows[0]!["QUERY PLAN"][0]!.Plan), exact: false };
  } catch (error) {
    return refused(error) ?? uncounted;
  }
}

/** What the plan hands to the steps that change rows. */
function rowsFed({ "Node Type": type, Plans: inner = [] }: PlanNode): number {
  const below = inner.reduce((sum, node) => sum + rowsFed(node), 0);
  return type === "ModifyTable" ? inner.reduce((sum, node) => sum + node["Plan Rows"], 0) + below : below;
}

/** A refusal of the server is an answer; everything else, such as a lost session, is thrown. */
function refused(error: unknown): undefined {
  if (error instanceof Error && "severity" in error && error.severity === "ERROR") return undefined;
  throw error;
}
