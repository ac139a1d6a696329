import { ScriptError } from "@org/exit-codes";
import { qualifiedName, quoteLiteral, tableExists, type PostgresClient } from "@org/postgres";
import type { Migration } from "./read-migrations.ts";
import { isServerError } from "./server-error.ts";

/** Where a history is and what its rows say of the run that writes them. */
export interface HistoryTarget {
  /** The schema of the state tables. */
  readonly schema: string;
  readonly runId?: string | undefined;
  /** Who runs it; the role of the session unless told. */
  readonly actor?: string | undefined;
  readonly host?: string | undefined;
  readonly scriptVersion?: string | undefined;
}

/** What the history knows of one version. */
export interface HistoryEntry {
  readonly version: string;
  readonly name: string;
  readonly checksum: string | null;
  readonly direction: "up" | "down";
  readonly status: "running" | "applied" | "failed" | "baseline";
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly runId: string | null;
  readonly actor: string;
  readonly error: string | null;
  /** How far a run outside a transaction came; null for one inside. */
  readonly progress: StatementProgress | null;
}

/** How far a file that runs statement by statement has come. */
export interface StatementProgress {
  /** How many statements are done, from the first one on. */
  readonly done: number;
  /** SHA-256 over the texts of those, by which a file that was corrected after them is known. */
  readonly checksum: string;
  /** Set while a statement runs whose traces cannot be undone: what was there before it. */
  readonly started: StartedStatement | null;
}

export interface StartedStatement {
  /** The oids of the indexes that were there before it. */
  readonly indexes: readonly string[];
}

/** All rows of migrations, oldest first. Throws a ScriptError (dependency) when init-database has not made the table as this release needs it. */
export async function readHistory(client: PostgresClient, target: HistoryTarget): Promise<readonly HistoryEntry[]> {
  return readRows(client, target, "version !~ '^[RS]__'");
}

/** All rows of repeatable files and seeds, oldest first. Throws as readHistory does. */
export async function readRepeatableHistory(client: PostgresClient, target: HistoryTarget): Promise<readonly HistoryEntry[]> {
  return readRows(client, target, "version ~ '^[RS]__'");
}

/** What the history tells, oldest first. */
export interface WholeHistory {
  readonly migrations: readonly HistoryEntry[];
  /** Of repeatable files and seeds. */
  readonly repeatables: readonly HistoryEntry[];
}

/** All rows. Throws as readHistory does. */
export async function readWholeHistory(client: PostgresClient, target: HistoryTarget): Promise<WholeHistory> {
  const rows = await readRows(client, target, "true");
  const isRepeatable = ({ version }: HistoryEntry): boolean => /^[RS]__/u.test(version);
  return { migrations: rows.filter((row) => !isRepeatable(row)), repeatables: rows.filter(isRepeatable) };
}

/** As one JSON document, which a client takes apart much sooner than rows. */
async function readRows(client: PostgresClient, { schema }: HistoryTarget, where: string): Promise<readonly HistoryEntry[]> {
  const text = `SELECT pg_catalog.json_agg(pg_catalog.json_build_array(version, name, checksum, direction, status, finished_at, duration_ms, run_id, actor, error, progress) ORDER BY id) AS entries
    FROM ${table(schema)} WHERE ${where}`;
  const { rows } = await client.query<{ entries: readonly StoredEntry[] | null }>(text).catch(async (error: unknown) => {
    throw await toHistoryError(client, error, schema);
  });
  return (rows[0]?.entries ?? []).map(toEntry);
}

type StoredEntry = readonly [
  version: string,
  name: string,
  checksum: HistoryEntry["checksum"],
  direction: HistoryEntry["direction"],
  status: HistoryEntry["status"],
  finishedAt: string | null,
  durationMs: number | null,
  runId: string | null,
  actor: string,
  error: string | null,
  progress: StatementProgress | null,
];

function toEntry([version, name, checksum, direction, status, finishedAt, durationMs, runId, actor, error, progress]: StoredEntry): HistoryEntry {
  return { version, name, checksum, direction, status, finishedAt: finishedAt === null ? null : new Date(finishedAt), durationMs, runId, actor, error, progress };
}

/** Whether the latest row of a version says that just this was done; before it runs, none does. */
export async function isRecorded(client: PostgresClient, { schema }: HistoryTarget, { migration, direction, checksum }: Recorded): Promise<boolean> {
  const text = `SELECT status = 'applied' AND direction = $2 AND checksum IS NOT DISTINCT FROM $3 AS done FROM ${table(schema)} WHERE version = $1 ORDER BY id DESC LIMIT 1`;
  const { rows } = await client.query<{ done: boolean }>(text, [migration.version, direction, checksum]);
  return rows[0]?.done === true;
}

interface Recorded {
  readonly migration: Pick<Migration, "version">;
  readonly direction: "up" | "down";
  readonly checksum: string;
}

async function toHistoryError(client: PostgresClient, error: unknown, schema: string): Promise<unknown> {
  const fault = isServerError(error) ? await historyFault(client, error.code, schema) : undefined;
  if (fault === undefined) return error;
  return new ScriptError("dependency", `the table ${schema}.migration_history ${fault}`, { hint: "Run npx @org/init-database.", cause: error });
}

const missing = "does not exist";

async function historyFault(client: PostgresClient, sqlState: string, schema: string): Promise<string | undefined> {
  // A role without the right to use the schema is refused before the server looks for the table, which that right would not bring.
  if (sqlState === "42501") return (await tableExists(client, schema, "migration_history")) ? undefined : missing;
  return { "42P01": missing, "42703": "is that of an older release" }[sqlState];
}

export interface Attempt {
  readonly migration: Pick<Migration, "version" | "name"> & { readonly checksum: string | null };
  readonly direction: "up" | "down";
  readonly startedAt: Date;
  readonly progress?: StatementProgress | undefined;
}

export interface Outcome {
  readonly status: HistoryEntry["status"];
  readonly durationMs?: number | undefined;
  readonly error?: string | undefined;
}

/** Writes the row of one attempt and gives its id. */
export async function insertAttempt(client: PostgresClient, target: HistoryTarget, attempt: Attempt & Outcome): Promise<string> {
  const { rows } = await client.query<{ id: string }>(`${insertStatement(target, attempt)} RETURNING id::text`);
  return rows[0]!.id;
}

export interface InsertedRow extends Attempt, Outcome {
  /** The attempt is the transaction, from its begin to this row, as the server measures it. */
  readonly isTransaction?: boolean;
  /** A condition in SQL: without it, no row is written. */
  readonly onlyIf?: string;
}

/** The statement that writes the row, without parameters, so that it can share a message with others. */
export function insertStatement(target: HistoryTarget, row: InsertedRow): string {
  const { migration, direction, status, error, progress, onlyIf } = row;
  const values: Record<string, string> = {
    version: literal(migration.version),
    name: literal(migration.name),
    checksum: literal(migration.checksum),
    direction: literal(direction),
    status: literal(status),
    ...timesOf(row),
    run_id: literal(target.runId),
    actor: target.actor === undefined ? "session_user" : literal(target.actor),
    host: literal(target.host),
    script_version: literal(target.scriptVersion),
    error: literal(error),
    progress: progress === undefined ? "NULL" : literal(JSON.stringify(progress)),
  };
  const given = Object.values(values).join(", ");
  return `INSERT INTO ${table(target.schema)} (${Object.keys(values).join(", ")}) ${onlyIf === undefined ? `VALUES (${given})` : `SELECT ${given} WHERE ${onlyIf}`}`;
}

function timesOf({ startedAt, durationMs, isTransaction }: InsertedRow): Record<string, string> {
  if (isTransaction === true) {
    const seconds = "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())";
    const durationOf = `GREATEST(0, pg_catalog.round(${seconds} OPERATOR(pg_catalog.*) 1000))`;
    return { started_at: "pg_catalog.now()", finished_at: "pg_catalog.clock_timestamp()", duration_ms: durationOf };
  }
  const finishedAt = durationMs === undefined ? null : new Date(startedAt.getTime() + durationMs).toISOString();
  return { started_at: literal(startedAt.toISOString()), finished_at: literal(finishedAt), duration_ms: durationMs === undefined ? "NULL" : String(durationMs) };
}

function literal(value: string | null | undefined): string {
  return value === null || value === undefined ? "NULL" : quoteLiteral(value.replaceAll("\0", "\uFFFD"));
}

export interface Ended extends Outcome {
  readonly id: string;
  readonly durationMs: number;
}

/** Ends an attempt that was written as running. */
export async function finishAttempt(client: PostgresClient, { schema }: HistoryTarget, { id, status, durationMs, error }: Ended): Promise<void> {
  await client.query(
    `UPDATE ${table(schema)} SET status = $2, finished_at = pg_catalog.clock_timestamp(), duration_ms = $3, error = $4 WHERE id = $1`,
    [id, status, durationMs, error ?? null],
  );
}

/** Notes how far an attempt has come. */
export async function noteProgress(client: PostgresClient, { schema }: HistoryTarget, { id, progress }: { readonly id: string; readonly progress: StatementProgress }): Promise<void> {
  await client.query(`UPDATE ${table(schema)} SET progress = $2 WHERE id = $1`, [id, JSON.stringify(progress)]);
}

function table(schema: string): string {
  return qualifiedName(schema, "migration_history");
}
