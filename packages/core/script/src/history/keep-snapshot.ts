import { printable } from "@org/logging";
import { withTransaction, type PostgresClient } from "@org/postgres";
import type { RunContext } from "../define-script.ts";
import { storeSnapshotOfRun } from "./schema-snapshots.ts";

export type SnapshotContext = Pick<RunContext<unknown>, "config" | "keepsHistory" | "runId" | "signal" | "logger">;

/**
 * Stores what the schema is like after a run that changed it, so that a later comparison can say since which run it differs; nothing for a run that is
 * left out of the history. The work of the run is done by then: a snapshot that cannot be had is a warning and never fails the run.
 */
export async function keepSnapshot(client: PostgresClient, { config, keepsHistory, runId, signal, logger }: SnapshotContext, stateSchema: string): Promise<void> {
  if (!keepsHistory) return;
  const { readInTransaction } = await import("@org/postgres/schema");
  try {
    const reading = await withTransaction(client, async () => {
      await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '15s'");
      return readInTransaction(client, { stateSchema, include: config.schema?.include, clusterWide: true });
    });
    await storeSnapshotOfRun(client, stateSchema, { runId, reading });
  } catch (error) {
    signal.throwIfAborted();
    logger.warning(`The schema as this run left it could not be stored, so later differences cannot be dated: ${printable((error as Error).message)}. Run npx @org/init-database if the table is missing.`);
  }
}
