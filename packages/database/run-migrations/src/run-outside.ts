import type { SqlStatement } from "@org/postgres";
import type { FileRun } from "./apply-file.ts";
import { concurrentStatement, leftoversOf, nameLeftovers, type ConcurrentStatement } from "./concurrent-statement.ts";
import { noteProgress, type StartedStatement } from "./history.ts";
import { withLockRetries } from "./lock-retries.ts";
import { printable } from "./printable.ts";
import { lockTimeout } from "./session-state.ts";
import { beginProgress, checksumOfFirst } from "./statement-progress.ts";
import { statementUnits, type StatementUnit } from "./statement-units.ts";

/**
 * Runs a file statement by statement and records how far it came. What can run in a transaction runs in one with its record; for the rest
 * (CONCURRENTLY and the like) the record tells the next run what to look for.
 */
export async function runOutside(run: FileRun): Promise<void> {
  const { statements } = run.plan;
  const begun = beginProgress(statements, run.toRun.progress);
  if (begun.done > 0) run.logger.info(`${printable(run.toRun.file)} goes on after its statement ${begun.done} of ${statements.length}, which an earlier run had done.`);
  await run.client.query(lockTimeout(run.locks));
  let { started } = begun;
  for (const unit of statementUnits(statements)) {
    run.signal?.throwIfAborted();
    // A setting lasts as long as its session, so a run that goes on makes it again.
    if (unit.end <= begun.done && unit.kind !== "setting") continue;
    run.statement = unit.statements[0];
    await runUnit({ run, unit, started });
    started = null;
  }
  run.statement = undefined;
}

interface UnitRun {
  readonly run: FileRun;
  readonly unit: StatementUnit;
  /** What an interrupted attempt at this very statement had noted. */
  started: StartedStatement | null;
}

async function runUnit(unitRun: UnitRun): Promise<void> {
  const { run, unit } = unitRun;
  const [statement] = unit.statements as [SqlStatement];
  if (unit.kind === "setting") return void (await run.client.query(statement.text));
  if (unit.kind === "block") return runBlock(unitRun);
  const retried = { policy: run.locks, title: `${printable(run.toRun.file)}, statement ${unit.end},`, logger: run.logger, signal: run.signal };
  await withLockRetries(retried, () => (unit.kind === "alone" ? runAlone(unitRun, statement) : runWithRecord(unitRun, statement)));
}

/** Both or neither. */
async function runWithRecord({ run, unit }: UnitRun, statement: SqlStatement): Promise<void> {
  await run.client.query("BEGIN");
  try {
    await run.client.query(statement.text);
    await note(run, unit.end);
    await run.client.query("COMMIT");
  } catch (error) {
    await run.client.query("ROLLBACK").catch(() => {
      // The statement's error is the one to report, and a lost session rolls back by itself.
    });
    throw error;
  }
}

/** A transaction of the file's own: the record is its last statement before it ends. */
async function runBlock({ run, unit }: UnitRun): Promise<void> {
  const last = unit.statements.at(-1)!;
  const commits = /^(?:COMMIT|END)\b/u.test(last.words.join(" "));
  for (const statement of unit.statements) {
    run.signal?.throwIfAborted();
    run.statement = statement;
    if (statement === last && commits) await note(run, unit.end);
    await run.client.query(statement.text);
  }
  if (!commits) await note(run, unit.end);
}

async function runAlone(unitRun: UnitRun, statement: SqlStatement): Promise<void> {
  const { run, unit } = unitRun;
  const concurrent = concurrentStatement(statement);
  if (concurrent === undefined) {
    await run.client.query(statement.text);
    return note(run, unit.end);
  }
  if (await isDone(run, concurrent, unitRun.started)) {
    run.logger.info(`${printable(run.toRun.file)}, statement ${unit.end}: an interrupted run had done it.`);
    return note(run, unit.end);
  }
  const started = { indexes: await concurrent.indexes(run.client) };
  unitRun.started = started;
  await note(run, unit.end - 1, started);
  const text = await concurrent.text(run.client);
  await withPatience(run, () => run.client.query(text)).catch(async (error: unknown) => {
    await nameLeftovers(run, concurrent, started);
    throw error;
  });
  await note(run, unit.end);
}

/** Removes what an interrupted attempt left behind, and tells whether it had come to its end. */
async function isDone(run: FileRun, concurrent: ConcurrentStatement, started: StartedStatement | null): Promise<boolean> {
  for (const name of await leftoversOf(run.client, concurrent, started)) {
    run.logger.warning(`The index ${printable(name)} is invalid: its build was interrupted. It is dropped and built again.`);
    await withPatience(run, () => run.client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`));
  }
  return started !== null && (await concurrent.isDone(run.client, started));
}

/** What works concurrently waits for others without holding anybody up, and is left half done by a timeout. */
async function withPatience(run: FileRun, work: () => Promise<unknown>): Promise<void> {
  const { rows } = await run.client.query<{ ours: boolean }>(
    "SELECT setting::bigint = $1::bigint AS ours FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'",
    [run.locks.lockTimeoutMs],
  );
  if (rows[0]?.ours !== true) return void (await work());
  await run.client.query("SET lock_timeout = 0");
  try {
    await work();
  } catch (error) {
    await run.client.query(lockTimeout(run.locks)).catch(() => {
      // The work's error is the one to report, and a lost session has no settings.
    });
    throw error;
  }
  await run.client.query(lockTimeout(run.locks));
}

async function note(run: FileRun, done: number, started: StartedStatement | null = null): Promise<void> {
  const { client, history, rowId, plan } = run;
  if (history === null || rowId === undefined) return;
  const progress = { done, checksum: checksumOfFirst(plan.statements, done), started };
  const write = (): Promise<void> => noteProgress(client, history, { id: rowId, progress });
  await (plan.statements.some(changesRole) ? asLoginRole(run, write) : write());
}

function changesRole({ words }: SqlStatement): boolean {
  return /^SET (?:SESSION |LOCAL )?(?:ROLE|AUTHORIZATION|SESSION AUTHORIZATION)\b/u.test(words.join(" "));
}

/** The role of the file may not write the history, and must be the file's again after. */
async function asLoginRole({ client }: FileRun, work: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ role: string; session: string }>(
    "SELECT pg_catalog.current_setting('role') AS role, session_user::text AS session",
  );
  const { role, session } = rows[0]!;
  await client.query("RESET SESSION AUTHORIZATION; RESET ROLE");
  await work();
  await client.query("SELECT pg_catalog.set_config('session_authorization', $1, false)", [session]);
  await client.query("SELECT pg_catalog.set_config('role', $1, false)", [role]);
}
