import { setTimeout as delay } from "node:timers/promises";
import { isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { isServerError } from "./server-error.ts";

/** How a statement waits for locks that other sessions hold. */
export interface LockPolicy {
  /** Milliseconds until a statement gives its place in the queue up, so that nobody waits behind it; 0 waits without limit. */
  readonly lockTimeoutMs: number;
  /** How many times it is tried again. */
  readonly retries: number;
}

export const defaultLockPolicy: LockPolicy = { lockTimeoutMs: 5000, retries: 5 };

export interface RetriedWork {
  readonly policy: LockPolicy;
  /** What is tried, as the beginning of a sentence. */
  readonly title: string;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs the work again after a pause while it fails for a lock timeout or a deadlock, as often as the policy allows. Every failure must
 * leave nothing behind. Throws the last failure, and the signal's reason on abort.
 */
export async function withLockRetries<T>({ policy, title, logger, signal }: RetriedWork, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!missedLock(error) || attempt > policy.retries) throw error;
      const pauseMs = pauseAfter(attempt);
      logger.warning(`${title} did not get a lock that another session holds; it is tried again (${attempt} of ${policy.retries}) in ${pauseMs} ms.`);
      await pause(pauseMs, signal);
    }
  }
}

/** Doubles from half a second to half a minute; a part by chance keeps two runners apart. */
function pauseAfter(attempt: number): number {
  const full = Math.min(500 * 2 ** (attempt - 1), 30_000);
  return Math.round(full * (0.75 + Math.random() / 2));
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
}

/** lock_not_available and deadlock_detected: the server undid the statement, and the next attempt may find the way free. */
function missedLock(thrown: unknown): boolean {
  const error = isScriptError(thrown) ? thrown.cause : thrown;
  return isServerError(error) && (error.code === "55P03" || error.code === "40P01");
}
