import { printable, type Logger } from "@org/logging";
import type { PostgresClient } from "@org/postgres";
import { applyFile, recordChanges, refuseUnrunnable, wayBack, type FileToRun, type HistoryEntry, type HistoryTarget, type LockPolicy, type MigrationCollection } from "@org/run-migrations";
import type { MadeByFile } from "./repeatables/made-objects.ts";
import { recordLost } from "./repeatables/record-lost.ts";
import type { PlannedRollback, RolledBackMigration } from "./rollback-status.ts";

export interface RollBackOptions {
  /** A session that holds the migration lock. */
  readonly client: PostgresClient;
  readonly collection: MigrationCollection;
  readonly history: HistoryTarget;
  /** The rows of the history before the first step. */
  readonly entries: readonly HistoryEntry[];
  /** What repeatable files may have made, before the first step. */
  readonly made: readonly MadeByFile[];
  readonly locks: LockPolicy;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Told of each migration when it is rolled back for good. */
  readonly onRolledBack: (migration: RolledBackMigration) => void;
}

/**
 * Rolls back what is planned, one after the other, each together with its history row; stops at the first that fails. Throws a MigrationError
 * for what the server refuses, a ScriptError (configuration) before anything runs for a file that cannot run.
 */
export async function rollBack(options: RollBackOptions, planned: readonly PlannedRollback[]): Promise<void> {
  const steps = planned.map((one) => ({ one, file: fileOf(options, one) }));
  for (const { file } of steps) if (file !== undefined) refuseUnrunnable(file);
  for (const { one, file } of steps) {
    options.signal.throwIfAborted();
    options.onRolledBack(file === undefined ? await record(options, one) : await execute(options, file));
  }
}

function fileOf({ collection, entries }: RollBackOptions, { version, way }: PlannedRollback): FileToRun | undefined {
  const migration = collection.migrations.find((each) => each.version === version);
  return way === "execute" && migration !== undefined ? wayBack(migration, entries) : undefined;
}

async function execute({ client, history, made, locks, logger, signal }: RollBackOptions, file: FileToRun): Promise<RolledBackMigration> {
  const done = await applyFile({ client, history, locks, logger, signal, joined: false, alongside: recordLost(made, history, file) }, file);
  logger.info(`Rolled back ${printable(done.name)} with ${printable(done.file)} in ${done.durationMs} ms.`);
  return done;
}

async function record({ client, history, logger }: RollBackOptions, { version, name, reason }: PlannedRollback): Promise<RolledBackMigration> {
  await recordChanges(client, history, [{ version, name, change: "reverted", checksum: null, appliedAt: null }]);
  logger.warning(`Recorded version ${version} (${printable(name)}) as rolled back, without executing anything: ${reason}.`);
  return { version, name, file: null, durationMs: 0, inTransaction: true };
}
