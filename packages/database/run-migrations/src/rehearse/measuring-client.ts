import { setTimeout as delay } from "node:timers/promises";
import { planExecution, qualifiedName, type PostgresClient, type PostgresResult, type SqlStatement } from "@org/postgres";
import { effectsOf, type LockMode } from "../lint/effects.ts";
import { parseStatement } from "../lint/parse-statement.ts";
import type { Migration } from "../read-migrations.ts";
import { statementUnits } from "../statement-units.ts";
import { isStronger, readLocks, readTables, type HeldLocks, type TableStates } from "./observe.ts";

/** The sessions of a scratch database. */
export interface Scratch {
  /** Applies the files. */
  readonly client: PostgresClient;
  readonly pid: number;
  /** Looks at the locks of the first. */
  readonly monitor: PostgresClient;
  /** Holds up what works concurrently for as long as it takes to look at its locks. */
  readonly gate: PostgresClient;
}

/** What one statement of a file did, in the terms of the scratch database. */
export interface Measured {
  readonly version: string;
  readonly statement: SqlStatement;
  readonly durationMs: number;
  readonly isLeftOut: boolean;
  readonly locks: HeldLocks["modes"];
  readonly rewrites: readonly string[];
  readonly scans: readonly string[];
}

interface Expected {
  readonly version: string;
  readonly statement: SqlStatement;
  /** Outside a transaction. */
  readonly isAlone: boolean;
}

/** A client that measures the statements of the files, which must come in their order, and passes everything else on. */
export function measuringClient(scratch: Scratch, files: readonly Migration[], onMeasured: (measured: Measured) => void): PostgresClient {
  const expected = files.flatMap(expectedOf);
  let next = 0;
  return {
    query: async <Row>(text: string, values?: readonly unknown[]): Promise<PostgresResult<Row>> => {
      const awaited = expected[next];
      if (awaited === undefined || awaited.statement.text !== text) return scratch.client.query<Row>(text, values);
      next += 1;
      const { result, ...measured } = await measure<Row>(scratch, awaited);
      onMeasured(measured);
      return result;
    },
  };
}

function expectedOf({ version, sql }: Migration): readonly Expected[] {
  const { inTransaction, statements } = planExecution(sql);
  return statementUnits(statements).flatMap(({ kind, statements: those }) => those.map((statement) => ({ version, statement, isAlone: !inTransaction && kind === "alone" })));
}

async function measure<Row>(scratch: Scratch, { version, statement, isAlone }: Expected): Promise<Measured & { readonly result: PostgresResult<Row> }> {
  const [tables, held] = [await readTables(scratch.client), await readLocks(scratch.monitor, scratch.pid)];
  const run = async (): Promise<Timed<Row>> => {
    const started = performance.now();
    return { result: await scratch.client.query<Row>(statement.text), durationMs: Math.round((performance.now() - started) * 10) / 10 };
  };
  const watched = isAlone ? await watch(scratch, statement, run) : { timed: await run(), locks: await readLocks(scratch.monitor, scratch.pid) };
  const { result, durationMs } = watched.timed;
  const locks = new Map([...watched.locks.modes].filter(([relation, mode]) => isStronger(mode, held.modes.get(relation))));
  return { version, statement, durationMs, isLeftOut: result.command === "SKIPPED", locks, ...changes(tables, await readTables(scratch.client), statement), result };
}

interface Timed<Row> {
  readonly result: PostgresResult<Row>;
  readonly durationMs: number;
}

// TRUNCATE makes new, empty files and indexes over them, which is no work on rows.
function changes(before: TableStates, after: TableStates, { words }: SqlStatement): Pick<Measured, "rewrites" | "scans"> {
  const known = words[0] === "TRUNCATE" ? [] : [...after.names].filter(([oid]) => before.names.has(oid));
  const isMoved = ([oid]: readonly [string, string]): boolean => before.filenodes.get(oid) !== after.filenodes.get(oid);
  const isScanned = ([oid]: readonly [string, string]): boolean => (after.scans.get(oid) ?? 0) > (before.scans.get(oid) ?? 0);
  const named = ([oid, name]: readonly [string, string]): string => before.names.get(oid) ?? name;
  return { rewrites: known.filter(isMoved).map(named), scans: known.filter(isScanned).map(named) };
}

/** Its locks are gone when it ends, so they are looked at while it waits for the gate, and while it runs. */
async function watch<Row>(scratch: Scratch, statement: SqlStatement, run: () => Promise<Timed<Row>>): Promise<{ readonly timed: Timed<Row>; readonly locks: HeldLocks }> {
  await closeGate(scratch, statement);
  const state = { isOver: false };
  const running = run().finally(() => (state.isOver = true));
  const [timed, locks] = await Promise.all([running, lookUntil(scratch, () => state.isOver)]).finally(() => scratch.gate.query("ROLLBACK"));
  return { timed, locks };
}

async function lookUntil({ monitor, pid, gate }: Scratch, isOver: () => boolean): Promise<HeldLocks> {
  const modes: Map<string, LockMode> = new Map();
  while (!isOver()) {
    const looked = await readLocks(monitor, pid);
    for (const [relation, mode] of looked.modes) if (isStronger(mode, modes.get(relation))) modes.set(relation, mode);
    if (looked.isWaiting) await gate.query("ROLLBACK");
    await delay(1);
  }
  return { modes, isWaiting: false };
}

async function closeGate({ client, gate }: Scratch, statement: SqlStatement): Promise<void> {
  const parsed = await parseStatement(statement.text);
  const named = "node" in parsed ? effectsOf(parsed.node).locks.map(({ relation }) => relation) : [];
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, t.relname AS name
     FROM unnest($1::text[]) AS named (name) JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(named.name)
       LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
       JOIN pg_catalog.pg_class t ON t.oid = coalesce(i.indrelid, c.oid) AND t.relkind IN ('r', 'p')
       JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace`,
    [named.map(quoted)],
  );
  await gate.query("BEGIN");
  for (const { schema, name } of rows) await gate.query(`LOCK TABLE ONLY ${qualifiedName(schema, name)} IN SHARE UPDATE EXCLUSIVE MODE`);
}

/** As to_regclass reads it. */
function quoted(name: string): string {
  return name.split(".").map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
}
