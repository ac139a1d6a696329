import { quoteLiteral, type PostgresClient } from "../index.ts";
import type { Access } from "./catalog/access.ts";
import type { Family } from "./catalog/family.ts";
import { presentKindsSql, queryValues, snapshotSql, type QueryScope } from "./catalog/snapshot-query.ts";
import type { Kind } from "./model.ts";

/** What a session has planned: the statement that reads the families of these kinds, and the one that tells which kinds are there. */
export interface PlannedReading {
  readonly kinds: ReadonlySet<Kind>;
  /** What the planned statement depends on. */
  readonly access: Access;
}

interface Planning {
  readonly families: readonly Family[];
  readonly access: Access;
  readonly scope: QueryScope;
}

/** Within a reading's transaction, whose settings the plans are made for; they stay when it ends. Throws the server's error. */
export async function prepareReading(client: PostgresClient, { families, access, scope }: Planning): Promise<PlannedReading> {
  await client.query(`PREPARE present_kinds AS ${presentKindsSql(families)}`);
  const kinds = await readPresentKinds(client, executePresentKinds);
  await client.query(`PREPARE snapshot_of_schema (text, text[], text[], text[]) AS ${snapshotSql(families.filter(({ kind }) => kinds.has(kind)), access)}`);
  await client.query(executeSql({ ...scope, include: [] }));
  return { kinds, access };
}

/** Whether the planned statement tells what a new one would. */
export function isPlannedFor(planned: PlannedReading, access: Access): boolean {
  return JSON.stringify(planned.access) === JSON.stringify(access);
}

export const executePresentKinds = "EXECUTE present_kinds";

/** The answer to that, or to presentKindsSql itself. */
export async function readPresentKinds(client: PostgresClient, sql: string): Promise<ReadonlySet<Kind>> {
  const { rows } = await client.query<{ kind: Kind }>(sql);
  return new Set(rows.map(({ kind }) => kind));
}

/** A setting of the transaction that plans and of the one that reads: left to itself the server plans anew for each of the first values. */
export const keepPlan = "SET LOCAL plan_cache_mode = force_generic_plan";

export function executeSql(scope: QueryScope): string {
  return `EXECUTE snapshot_of_schema (${queryValues(scope).map(constant).join(", ")})`;
}

function constant(value: string | readonly string[] | null): string {
  if (value === null) return "NULL";
  return typeof value === "string" ? quoteLiteral(value) : `ARRAY[${value.map(quoteLiteral).join(", ")}]::text[]`;
}
