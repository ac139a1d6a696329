import { isScriptError, ScriptError } from "@org/exit-codes";
import { silentLogger, type Logger } from "@org/logging";
import { locate, withTransaction, type PostgresClient } from "@org/postgres";
import { wayThere, type FileToRun } from "./file-to-run.ts";
import { applyFile, recordJoinedFailure, type AppliedMigration, type FileTarget } from "./apply-file.ts";
import { lineUp } from "./file-line.ts";
import { HookError } from "./hooks/hook.ts";
import { runCommandsAfterFile, runHooks, type HookTarget } from "./hooks/run-hooks.ts";
import { readHistory, readRepeatableHistory, type HistoryTarget } from "./history.ts";
import { defaultLockPolicy, withLockRetries, type LockPolicy } from "./lock-retries.ts";
import { withMigrationLock } from "./migration-lock.ts";
import { leavesNothingBehind, selectPending, type PendingSelection } from "./select-pending.ts";
import { MigrationError, toMigrationError } from "./migration-error.ts";
import { conflicts, isHalfUndone, migrationStates, type MigrationState } from "./migration-state.ts";
import { printable } from "./printable.ts";
import type { Migration, MigrationCollection } from "./read-migrations.ts";
import { dueRepeatables } from "./repeatables.ts";
import { forgetSession, lockTimeout } from "./session-state.ts";

export interface ApplyMigrationsOptions {
  /** One session of the database, used by nothing else meanwhile. */
  readonly client: PostgresClient;
  /** A second one, which holds the lock; needed with a history. */
  readonly lockClient?: PostgresClient | undefined;
  readonly collection: MigrationCollection;
  /**
   * What the second session does while files are applied, not beside one that runs outside a transaction, as an index that is built concurrently would wait
   * for it; the lock is kept until it has ended. It must not reject.
   */
  readonly meanwhile?: (() => Promise<void>) | undefined;
  /** What is applied after the collection, once for each of its texts. */
  readonly seeds?: readonly Migration[] | undefined;
  /** What runs around the files; nothing does when none is pending. */
  readonly hooks?: HookTarget | undefined;
  /** Where to record; null applies every file and records nothing, which is for scratch databases. */
  readonly history: HistoryTarget | null;
  /** How long to wait for another run on the same history, in milliseconds; 30 000 unless told. */
  readonly lockWaitMs?: number | undefined;
  /** How statements wait for the locks of others: 5 seconds, 5 times again, unless told. */
  readonly locks?: LockPolicy | undefined;
  /** Which of the pending ones to apply; all unless told. */
  readonly select?: PendingSelection | undefined;
  /** All in one transaction: what fails takes the others with it. */
  readonly singleTransaction?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger | undefined;
  /** Told of each file when it is applied for good. */
  readonly onApplied?: ((migration: AppliedMigration) => void) | undefined;
}

/**
 * Applies what is pending, each file exactly once, in the order of the versions, under an advisory lock; stops at the first that fails.
 * Throws a MigrationError that names file, line and column; a HookError for a hook; a ScriptError (checkFailed) before anything is applied when
 * applied files changed or are missing or a pending one is out of order, (dependency) without a history table, (timedOut) when another run holds
 * the lock for longer, (configuration) behind a pooler in transaction mode.
 */
export async function applyMigrations(options: ApplyMigrationsOptions): Promise<readonly AppliedMigration[]> {
  const { client, lockClient, history, signal, lockWaitMs: waitMs = 30_000 } = options;
  if (history === null) return applyFiles(options, everyFile(options).map((migration) => wayThere(migration, [])));
  if (lockClient === undefined) throw new Error("applyMigrations needs a lockClient to work on a history");
  return withMigrationLock({ client, lockClient, history, waitMs, signal }, () => applyPending(options, history));
}

async function applyPending(options: ApplyMigrationsOptions, history: HistoryTarget): Promise<readonly AppliedMigration[]> {
  const files = await pendingFiles(options, history);
  const meanwhile = files.length > 0 && files.every(({ plan }) => plan.inTransaction) ? options.meanwhile?.() : undefined;
  try {
    return await applyFiles(options, files);
  } finally {
    await meanwhile;
  }
}

function everyFile({ collection, seeds = [] }: ApplyMigrationsOptions): readonly Migration[] {
  return [...collection.migrations, ...collection.repeatables, ...seeds];
}

/**
 * Refuses, before the first file runs, one that cannot: it leaves a transaction open, in which the next one would run, reads rows for COPY, or
 * holds a command of psql, as the files of pg_dump do.
 * Throws a ScriptError (configuration).
 */
export function refuseUnrunnable({ file, sql, plan }: FileToRun): void {
  const { leftOpen } = plan;
  // Most files need not be taken apart for that.
  const statements = /\\|\bcopy\b/iu.test(sql) ? plan.statements : [];
  const psql = statements.find(({ start }) => sql[start] === "\\");
  const copy = statements.find(({ words }) => /^COPY\b.*\bFROM STDIN\b/u.test(words.join(" ")));
  const found = [[leftOpen, openTransaction], [psql, psqlCommand], [copy, copyFromStdin]] as const;
  const [first] = found.flatMap(([at, why]) => (at === undefined ? [] : [{ at: at.start, why }])).toSorted((a, b) => a.at - b.at);
  if (first === undefined) return;
  const { line, column, excerpt } = locate(sql, first.at);
  throw new ScriptError("configuration", `${printable(file)}:${line}:${column}: ${first.why[0]}\n${excerpt}`, { hint: first.why[1] });
}

const openTransaction = ["this transaction is not ended in the file", "End it with COMMIT, or leave BEGIN out: each file runs in a transaction anyway."] as const;
const psqlCommand = ["this is a command of psql, which the server does not know", "Remove the line; of what pg_dump writes, \\restrict and \\unrestrict can go."] as const;
const copyFromStdin = ["rows for COPY cannot be read from a migration", "Write them as INSERT statements (pg_dump --inserts)."] as const;

async function pendingFiles(options: ApplyMigrationsOptions, history: HistoryTarget): Promise<readonly FileToRun[]> {
  const { client, collection, logger = silentLogger, select = {} } = options;
  const entries = await readHistory(client, history);
  const states = migrationStates(collection, entries);
  if (conflicts(states).length > 0) throw conflictError(states);
  const pending = selectPending(states, select);
  for (const { file, outOfOrder, lastError } of pending) {
    if (outOfOrder) logger.warning(`${printable(file ?? "")} is older than what is applied already; it is applied out of order.`);
    if (lastError !== null) logger.warning(`${printable(file ?? "")} did not end well before (${printable(lastError.split("\n", 1)[0] ?? "")}); it runs again.`);
  }
  const wanted = new Set(pending.map(({ version }) => version));
  const files = collection.migrations.filter(({ version }) => wanted.has(version)).map((migration) => wayThere(migration, entries));
  return leavesNothingBehind(states, pending) ? [...files, ...(await repeatedFiles(options, history))] : files;
}

async function repeatedFiles({ client, collection, seeds = [] }: ApplyMigrationsOptions, history: HistoryTarget): Promise<readonly FileToRun[]> {
  const repeated = [...collection.repeatables, ...seeds];
  if (repeated.length === 0) return [];
  const rows = await readRepeatableHistory(client, history);
  return dueRepeatables(repeated, rows).map((migration) => wayThere(migration, rows));
}

/** What to tell when applied files changed, are missing or are undone in part. */
export function conflictError(states: readonly MigrationState[]): ScriptError {
  const found = conflicts(states);
  const onlyHalfUndone = found.every(isHalfUndone);
  return new ScriptError("checkFailed", `${found.map(describeConflict).join("; ")}; nothing was applied`, {
    hint: onlyHalfUndone
      ? "Run npx @org/rollback-migrations once more, which goes on where it stopped; or undo the rest by hand and record it with repair --mark-reverted."
      : "Restore the files as they were applied, and put the change into a new migration.",
  });
}

/** Why one of `conflicts` is in the way. */
export function describeConflict(one: MigrationState): string {
  const { version, name, file, state } = one;
  if (isHalfUndone(one)) return `${printable(file ?? name)} is undone in part: its rollback stopped before statement ${one.resumesAt?.statement} of ${one.resumesAt?.of}`;
  return state === "changed" ? `${printable(file ?? name)} was changed after it was applied` : `version ${version} (${printable(name)}) is applied and its file is missing`;
}

async function applyFiles(options: ApplyMigrationsOptions, files: readonly FileToRun[]): Promise<readonly AppliedMigration[]> {
  for (const file of files) refuseUnrunnable(file);
  if (files.length === 0) return [];
  const target = fileTarget(options);
  await runHooksAround("before-all", target);
  const applied = options.singleTransaction === true ? await applyTogether(options, { ...target, joined: true }, files) : await applyEach(options, target, files);
  await runHooksAround("after-all", target);
  return applied;
}

async function runHooksAround(moment: "before-all" | "after-all", { client, hooks, history, locks, logger, signal }: FileTarget): Promise<void> {
  if (hooks === undefined) return;
  await client.query(lockTimeout(locks));
  await runHooks(moment, { client, target: hooks, logger, signal });
  await client.query(forgetSession(history));
}

async function applyEach(options: ApplyMigrationsOptions, target: FileTarget, files: readonly FileToRun[]): Promise<readonly AppliedMigration[]> {
  const applied: AppliedMigration[] = [];
  const line = lineUp(target, files);
  for (const file of files) {
    if (line?.isUnderWay(file) !== true) target.signal?.throwIfAborted();
    target.logger.debug(`Applying ${printable(file.file)}.`);
    const done = await applyFile({ ...target, line }, file);
    applied.push(done);
    options.onApplied?.(done);
    await runCommandsAfter(target, file);
  }
  return applied;
}

async function runCommandsAfter({ client, hooks, logger, signal }: FileTarget, file: FileToRun): Promise<void> {
  if (hooks !== undefined) await runCommandsAfterFile({ client, target: hooks, file, logger, signal });
}

function fileTarget({ client, history, hooks, signal, locks = defaultLockPolicy, logger = silentLogger }: ApplyMigrationsOptions): FileTarget {
  return { client, history, hooks, locks, joined: false, logger, signal };
}

/** All files and their rows in one transaction. */
async function applyTogether({ onApplied }: ApplyMigrationsOptions, target: FileTarget, files: readonly FileToRun[]): Promise<readonly AppliedMigration[]> {
  for (const file of files) refuseOutside(file);
  const retried = { policy: target.locks, title: "The transaction of all files", logger: target.logger, signal: target.signal };
  const applied = await withLockRetries(retried, () => withTransaction(target.client, () => joinFiles(target, files))).catch(async (cause: unknown) => {
    throw await recordTogether(target, files, cause);
  });
  for (const migration of applied) onApplied?.(migration);
  for (const file of files) await runCommandsAfter(target, file);
  return applied;
}

async function joinFiles(target: FileTarget, files: readonly FileToRun[]): Promise<readonly AppliedMigration[]> {
  const applied: AppliedMigration[] = [];
  for (const file of files) {
    target.signal?.throwIfAborted();
    applied.push(await applyFile(target, file));
  }
  return applied;
}

/** Gives the error as one of the file that failed; of the last one when it came with the commit. */
async function recordTogether(target: FileTarget, files: readonly FileToRun[], cause: unknown): Promise<unknown> {
  const version = cause instanceof MigrationError ? cause.failure.version : cause instanceof HookError ? cause.version : undefined;
  const failed = version === undefined ? files.at(-1) : files.find(({ migration }) => migration.version === version);
  if (failed === undefined) return cause;
  const error = isScriptError(cause) ? cause : toMigrationError(cause, { ...failed.migration, ...failed, statement: undefined, inTransaction: true });
  await recordJoinedFailure(target, failed, error);
  return error;
}

function refuseOutside({ file, plan }: FileToRun): void {
  if (plan.inTransaction) return;
  throw new ScriptError("configuration", `${printable(file)} runs outside a transaction, so it cannot share one with the others`, {
    hint: "Leave --single-transaction out, or apply up to the file before it first (--to).",
  });
}
