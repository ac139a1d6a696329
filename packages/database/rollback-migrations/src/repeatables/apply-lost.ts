import { printable, type Logger } from "@org/logging";
import type { PostgresClient } from "@org/postgres";
import {
  applyFile,
  MigrationError,
  readRepeatableHistory,
  repeatableStates,
  wayThere,
  type HistoryEntry,
  type HistoryTarget,
  type LockPolicy,
  type Migration,
} from "@org/run-migrations";
import type { RepeatedFile } from "../rollback-status.ts";

export interface ApplyLostOptions {
  /** A session that holds the migration lock. */
  readonly client: PostgresClient;
  readonly repeatables: readonly Migration[];
  readonly history: HistoryTarget;
  readonly locks: LockPolicy;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Applies again the repeatable files of which a rollback, this one or one that was interrupted, took something along. One that the server refuses now
 * does not keep the others from it; one whose text has changed meanwhile is left to run-migrations.
 */
export async function applyLost(options: ApplyLostOptions): Promise<readonly RepeatedFile[]> {
  const { client, repeatables, history, logger } = options;
  if (repeatables.length === 0) return [];
  const rows = await readRepeatableHistory(client, history);
  const lost = new Set(repeatableStates(repeatables, rows).flatMap(({ version, state }) => (state === "lost" ? [version] : [])));
  const repeated: RepeatedFile[] = [];
  for (const migration of repeatables.filter(({ version }) => lost.has(version))) {
    const reason = wasChanged(migration, rows) ? "its text has changed since it was applied, so run-migrations applies it" : await refusal(options, migration, rows);
    if (reason === null) logger.info(`Applied ${printable(migration.file)} again.`);
    else logger.warning(`The rollback took along what ${printable(migration.file)} had made, and it is not applied again: ${printable(reason)}.`);
    repeated.push({ name: migration.name, file: migration.file, reason });
  }
  return repeated;
}

function wasChanged({ version, checksum }: Migration, rows: readonly HistoryEntry[]): boolean {
  return rows.findLast((row) => row.version === version && row.direction === "up" && row.status === "applied")?.checksum !== checksum;
}

/** What the server said; null when it is applied. */
async function refusal({ client, history, locks, logger, signal }: ApplyLostOptions, migration: Migration, rows: readonly HistoryEntry[]): Promise<string | null> {
  signal.throwIfAborted();
  try {
    await applyFile({ client, history, locks, logger, signal, joined: false }, wayThere(migration, rows));
    return null;
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "connection") throw error;
    return error.message.split("\n", 1)[0]!;
  }
}
