import type { HistoryTarget } from "./history.ts";
import type { LockPolicy } from "./lock-retries.ts";
import { renewSessionLock } from "./migration-lock.ts";

/** The session as it was at login: no role or setting of a file reaches the next one. */
export const resetSettings = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL";

/** Temporary tables and prepared statements go too. */
export function forgetSession(history: HistoryTarget | null): string {
  const forget = `${resetSettings}; DISCARD TEMP; DEALLOCATE ALL`;
  return history === null ? forget : `${forget}; ${renewSessionLock(history)}`;
}

export function lockTimeout({ lockTimeoutMs }: LockPolicy): string {
  return `SET lock_timeout = ${lockTimeoutMs}`;
}
