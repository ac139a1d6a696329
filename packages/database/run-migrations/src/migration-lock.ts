import { ScriptError } from "@org/exit-codes";
import { advisoryLockKey, withAdvisoryLock, type PostgresClient } from "@org/postgres";
import type { HistoryTarget } from "./history.ts";

export interface MigrationLockOptions {
  /** The session that applies. */
  readonly client: PostgresClient;
  /** A second one that does nothing but hold the lock, so that no file can give it away. */
  readonly lockClient: PostgresClient;
  readonly history: HistoryTarget;
  /** How long to wait for another run, in milliseconds. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs the work while no other run works on the same history. The lock is one of the session, in no transaction, so that nothing which is
 * built concurrently waits for it. Throws a ScriptError (timedOut) that names the holder, (configuration) behind a pooler in transaction mode.
 */
export async function withMigrationLock<T>(options: MigrationLockOptions, work: () => Promise<T>): Promise<T> {
  const { client, lockClient, history, waitMs, signal } = options;
  await refuseTransactionPooling(lockClient, client);
  const run = { key: lockKey(history), waitMs, signal };
  // What a killed run left running goes on in its session, which holds this one until the statement ends.
  const statements = { key: sessionKey(history), waitMs, signal };
  return withAdvisoryLock(lockClient, run, () => withAdvisoryLock(client, statements, work));
}

/** Takes what a file gave away (DISCARD ALL, pg_advisory_unlock_all), and gives back what it took. */
export function renewSessionLock(history: HistoryTarget): string {
  return `SELECT pg_catalog.pg_advisory_unlock_all(), pg_catalog.pg_try_advisory_lock(${sessionKey(history)})`;
}

/** One key for each history, so that applications which share a database do not wait for each other. */
function lockKey({ schema }: HistoryTarget): bigint {
  return advisoryLockKey(`platform-scripts:migrations:${schema}`);
}

function sessionKey({ schema }: HistoryTarget): bigint {
  return advisoryLockKey(`platform-scripts:migrations:${schema}:session`);
}

const looks = 3;

// Two connections that are open at once have a server process each, unless a pooler hands one process from statement to statement.
async function refuseTransactionPooling(first: PostgresClient, second: PostgresClient): Promise<void> {
  const seen = new Set<string>();
  for (let look = 0; look < looks; look += 1) seen.add(`${await backendOf(first)} ${await backendOf(second)}`);
  const [pair, ...others] = seen;
  const [a, b] = pair!.split(" ");
  if (others.length === 0 && a !== b) return;
  throw new ScriptError("configuration", "the server is behind a pooler in transaction mode, where no session can hold the migration lock", {
    hint: "Let DATABASE_URL name the server itself, or the pooler's port in session mode.",
  });
}

async function backendOf(client: PostgresClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return rows[0]!.pid;
}
