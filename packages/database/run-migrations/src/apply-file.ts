import type { Logger } from "@org/logging";
import { withTransaction, type ExecutionPlan, type PostgresClient, type SqlStatement } from "@org/postgres";
import { runMigration } from "postgres-migrations/dist/run-migration.js";
import type { BasicPgClient, Migration as StagedMigration } from "postgres-migrations/dist/types.js";
import type { FileToRun } from "./file-to-run.ts";
import { finishAttempt, insertAttempt, isRecorded, type HistoryTarget, type Outcome } from "./history.ts";
import { hasSqlAfterFile, runSqlAfterFile, type HookTarget } from "./hooks/run-hooks.ts";
import { withLockRetries, type LockPolicy } from "./lock-retries.ts";
import { toMigrationError } from "./migration-error.ts";
import { printable } from "./printable.ts";
import type { FileLine } from "./file-line.ts";
import { commitWithRow } from "./file-message.ts";
import { needsItsPlace, runAtOnce } from "./run-at-once.ts";
import { runOutside } from "./run-outside.ts";
import { forgetSession, lockTimeout, resetSettings } from "./session-state.ts";
import { beginProgress } from "./statement-progress.ts";

export interface FileTarget {
  readonly client: PostgresClient;
  /** null: nothing is recorded. */
  readonly history: HistoryTarget | null;
  readonly locks: LockPolicy;
  /** Inside a transaction that the caller has opened. */
  readonly joined: boolean;
  /** The line of files that this one stands in; it runs by itself without one. */
  readonly line?: FileLine | undefined;
  /** What runs after the file. */
  readonly hooks?: HookTarget | undefined;
  /** Statements that record more than the file's own row, in its transaction; for a file outside of one, just before it. */
  readonly alongside?: readonly string[] | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

export interface AppliedMigration {
  readonly version: string;
  readonly name: string;
  readonly file: string;
  readonly durationMs: number;
  /** Whether the file and its history row were one transaction. */
  readonly inTransaction: boolean;
}

/**
 * Runs one file through postgres-migrations, together with its history row: both or neither, where the file can run in a transaction.
 * A lock that is not to be had in time is tried again. Leaves the session as it found it. Throws a MigrationError for what the server
 * refuses, with the failure recorded.
 */
export async function applyFile(target: FileTarget, toRun: FileToRun): Promise<AppliedMigration> {
  const run = beginRun(target, toRun);
  const { plan } = run;
  if (!plan.inTransaction) run.rowId = await record(run, { status: "running" });
  try {
    await attempt(run);
  } catch (cause) {
    const error = toMigrationError(cause, { ...toRun.migration, ...toRun, statement: run.statement, inTransaction: plan.inTransaction });
    if (!run.joined) await recordFailure(run, error);
    throw error;
  }
  if (!run.atOnce) await target.client.query(forgetSession(target.history));
  const { version, name } = toRun.migration;
  return { version, name, file: toRun.file, durationMs: elapsed(run), inTransaction: plan.inTransaction };
}

/** Records, after its transaction was rolled back, why a file that was joined to others failed. */
export async function recordJoinedFailure(target: FileTarget, toRun: FileToRun, error: unknown): Promise<void> {
  await recordFailure(beginRun(target, toRun), error);
}

export interface FileRun extends FileTarget {
  readonly toRun: FileToRun;
  readonly plan: ExecutionPlan;
  readonly startedAt: Date;
  /** The statement that is running; undefined before the first and after the last one. */
  statement: SqlStatement | undefined;
  /** The history row of a run outside a transaction. */
  rowId: string | undefined;
  /** The first error; the engine passes on its message only. */
  error: unknown;
  /** All statements in one message. */
  atOnce: boolean;
  /** The message holds the commit too. */
  commitsItself: boolean;
}

function beginRun(target: FileTarget, toRun: FileToRun): FileRun {
  return { ...target, toRun, plan: toRun.plan, startedAt: new Date(), statement: undefined, rowId: undefined, error: undefined, atOnce: false, commitsItself: false };
}

// Outside a transaction the statements are tried again one by one, and a joined file with the whole of its transaction.
async function attempt(run: FileRun): Promise<void> {
  const once = async (atOnce = false): Promise<void> => {
    Object.assign(run, { error: undefined, statement: undefined, atOnce, commitsItself: false });
    await runMigration(engineTable, engineClient(run))(stage(run)).catch(async (engineError: unknown) => {
      await run.line?.withdraw();
      if (run.plan.inTransaction && !run.joined && run.error !== undefined && run.signal?.aborted !== true) await forgetAfterFailure(run);
      if (!(await wasCommitted(run))) throw run.error ?? engineError;
    });
  };
  if (!run.plan.inTransaction || run.joined) return once();
  let first = true;
  await withLockRetries({ policy: run.locks, title: printable(run.toRun.file), logger: run.logger, signal: run.signal }, async () => {
    const atOnce = first && run.locks.retries > 0;
    first = false;
    if (!atOnce) return once();
    await once(true).catch(async (error: unknown) => {
      if (run.statement !== undefined || !needsItsPlace(error)) throw error;
      // Everything was undone, and one by one they tell which of them it is.
      await once();
    });
  });
}

/** What is refused after the commit of the same message undoes nothing, and the file must not run again. */
async function wasCommitted({ commitsItself, error, client, history, toRun }: FileRun): Promise<boolean> {
  if (!commitsItself || !needsItsPlace(error) || history === null || !(await isRecorded(client, history, toRun))) return false;
  await client.query(forgetSession(history));
  return true;
}

// What the session holds then matters to the next attempt only; a session that is lost has its own error.
async function forgetAfterFailure({ client, history }: FileRun): Promise<void> {
  await client.query(forgetSession(history)).catch(() => {
    // The error of the file is the one to report, and the record of it fails for the same reason, which is told.
  });
}

const engineTable = "migration_history";
const disableTransaction = "-- postgres-migrations disable-transaction";

/**
 * What the engine is handed in place of the file. It decides by the text alone whether to open a transaction, so the text is a
 * stand-in; the client below runs the real one.
 */
function stage({ plan, toRun: { migration, file, checksum } }: FileRun): StagedMigration {
  const sql = plan.inTransaction ? "-- the file" : disableTransaction;
  return { id: 1, name: migration.name, contents: sql, fileName: file, hash: checksum, sql };
}

/** A client that turns each statement of the engine into ours. Every one is known: postgres-migrations is pinned. */
function engineClient(run: FileRun): BasicPgClient {
  const { client, joined, plan, locks } = run;
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    "START TRANSACTION": async () => (run.atOnce ? undefined : client.query(`${joined ? "SAVEPOINT migration" : "START TRANSACTION"}; ${lockTimeout(locks)}`)),
    [stage(run).sql]: () => (run.atOnce ? runAtOnce(run) : plan.inTransaction ? runStatements(run) : runOutside(run)),
    [`INSERT INTO ${engineTable} ("id", "name", "hash") VALUES ($1,$2,$3)`]: () => (run.atOnce ? Promise.resolve() : recordSuccess(run)),
    COMMIT: () => (run.atOnce ? finishAtOnce(run) : client.query(joined ? "RELEASE SAVEPOINT migration" : "COMMIT")),
    ROLLBACK: () => client.query("ROLLBACK"),
  };
  const query = async (sent: string | { readonly text: string }): Promise<unknown> => {
    const text = typeof sent === "string" ? sent : sent.text;
    const step = steps[text];
    if (step === undefined) throw new Error(`postgres-migrations sent a statement that this package does not know: ${text}`);
    return step().catch((error: unknown) => {
      run.error ??= error;
      throw error;
    });
  };
  return { query } as BasicPgClient;
}

async function finishAtOnce(run: FileRun): Promise<void> {
  if (run.commitsItself) return;
  if (hasSqlAfterFile(run.hooks)) {
    await run.client.query(resetSettings);
    await runHookSql(run);
  }
  await run.client.query(commitWithRow(run));
}

async function runStatements(run: FileRun): Promise<void> {
  for (const statement of run.plan.statements) {
    run.signal?.throwIfAborted();
    run.statement = statement;
    await run.client.query(statement.text);
  }
  run.statement = undefined;
}

async function recordSuccess(run: FileRun): Promise<void> {
  await run.client.query(resetSettings);
  // A file outside a transaction counts as applied when this is done too.
  if (hasSqlAfterFile(run.hooks)) await (run.plan.inTransaction ? runHookSql(run) : withTransaction(run.client, () => runHookSql(run)));
  for (const statement of run.alongside ?? []) await run.client.query(statement);
  await record(run, { status: "applied", durationMs: elapsed(run) });
}

async function runHookSql({ client, hooks, locks, logger, signal, toRun: file }: FileRun): Promise<void> {
  if (hooks === undefined) return;
  await client.query(lockTimeout(locks));
  await runSqlAfterFile({ client, target: hooks, file, logger, signal });
  await client.query(resetSettings);
}

/** The failure itself is what the caller must hear of, so a row that cannot be written is only warned about. */
async function recordFailure(run: FileRun, error: unknown): Promise<void> {
  if (run.signal?.aborted === true) return;
  try {
    if (!run.plan.inTransaction) await run.client.query("ROLLBACK");
    await run.client.query(forgetSession(run.history));
    await record(run, { status: "failed", durationMs: elapsed(run), error: error instanceof Error ? error.message : String(error) });
  } catch (cause) {
    run.logger.warning(`The failure of ${printable(run.toRun.file)} could not be recorded: ${(cause as Error).message}.`);
  }
}

async function record(run: FileRun, outcome: Outcome): Promise<string | undefined> {
  const { client, history, startedAt, rowId, plan } = run;
  if (history === null) return undefined;
  if (rowId === undefined) {
    const { migration, direction, checksum, progress } = run.toRun;
    const begun = plan.inTransaction ? undefined : beginProgress(plan.statements, progress);
    return insertAttempt(client, history, { migration: { ...migration, checksum }, direction, startedAt, progress: begun, ...outcome });
  }
  await finishAttempt(client, history, { ...outcome, id: rowId, durationMs: outcome.durationMs ?? elapsed(run) });
  return rowId;
}

function elapsed({ startedAt }: FileRun): number {
  return Date.now() - startedAt.getTime();
}
