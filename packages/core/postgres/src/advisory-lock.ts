import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ScriptError } from "@org/exit-codes";
import type { PostgresClient } from "./client.ts";

export interface AdvisoryLockOptions {
  /** From advisoryLockKey, so that it is the same in every process. */
  readonly key: bigint;
  /** How long to wait for another holder, in milliseconds; 0 does not wait. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the work while this session holds the lock, and gives it back after. Throws a ScriptError (timedOut) that names
 * the holder when the lock cannot be had in time, and the signal's reason on abort.
 */
export async function withAdvisoryLock<T>(client: PostgresClient, options: AdvisoryLockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(client, options);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await release(client, options.key).catch(() => {
      // The work's error is the one to report, and the lock ends with the session at the latest.
    });
    throw error;
  }
  await release(client, options.key);
  return result;
}

/** A stable 64-bit key for a name, the same in every process, version and machine. */
export function advisoryLockKey(text: string): bigint {
  const key = keys.get(text) ?? createHash("sha256").update(text).digest().readBigInt64BE(0);
  keys.set(text, key);
  return key;
}

// A run asks for the few that it uses after each file.
const keys = new Map<string, bigint>();

// Asking again and again, because a session that waits inside pg_advisory_lock has an open transaction, and
// CREATE INDEX CONCURRENTLY of the lock's holder would wait for that one in turn, for ever.
async function acquire(client: PostgresClient, options: AdvisoryLockOptions): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    options.signal?.throwIfAborted();
    if (await tryLock(client, options.key)) return;
    const left = deadline - performance.now();
    if (left > 0) await sleep(Math.min(pause, left), options.signal);
    else {
      const holder = await findHolder(client, options.key);
      // A holder that has left meanwhile is nobody to wait for: the lock is asked for once more.
      if (holder !== undefined) throw lockedOut(holder, options);
    }
  }
}

async function tryLock(client: PostgresClient, key: bigint): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1::bigint) AS locked", [String(key)]);
  return rows[0]?.locked === true;
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
}

async function release(client: PostgresClient, key: bigint): Promise<void> {
  await client.query("SELECT pg_advisory_unlock($1::bigint)", [String(key)]);
}

interface Holder {
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  readonly since: Date | null;
}

// A key of 64 bits is kept as two halves. Times of other users' sessions are null to those without pg_read_all_stats.
const holderQuery = `
  SELECT l.pid, a.application_name AS application, a.usename AS "user", coalesce(a.xact_start, a.backend_start) AS since
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid::bigint = ($1::bigint >> 32) & 4294967295 AND l.objid::bigint = $1::bigint & 4294967295`;

async function findHolder(client: PostgresClient, key: bigint): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(holderQuery, [String(key)]);
  return rows[0];
}

function lockedOut(holder: Holder, { key, waitMs }: AdvisoryLockOptions): ScriptError {
  return new ScriptError("timedOut", `advisory lock ${key} could not be had within ${waitMs} ms: ${describeHolder(holder)} holds it`, {
    hint: `Wait until that run has ended; if it hangs, end it with SELECT pg_terminate_backend(${holder.pid}).`,
  });
}

function describeHolder({ pid, application, user, since }: Holder): string {
  const who = `process ${pid} (${application || "unnamed application"}, user ${user ?? "unknown"}`;
  return since === null ? `${who})` : `${who}, since ${since.toISOString()})`;
}
