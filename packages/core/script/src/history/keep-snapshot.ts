import { printable } from "@org/logging";
import type { PostgresClient } from "@org/postgres";
import type { PlannedReading, ReadingOptions } from "@org/postgres/schema";
import type { RunContext } from "../define-script.ts";
import { storeSnapshotOfRun } from "./schema-snapshots.ts";

export type SnapshotContext = Pick<RunContext<unknown>, "config" | "keepsHistory" | "runId" | "signal" | "logger">;

/** The session that reads and stores it; it is as it was at login. */
interface SnapshotSession extends Pick<ReadingOptions, "onAsked" | "planned"> {
  readonly client: PostgresClient;
}

/**
 * Stores what the schema is like after a run that changed it, so that a later comparison can say since which run it differs; nothing for a run that is
 * left out of the history. The work of the run is done by then: a snapshot that cannot be had is a warning and never fails the run.
 */
export async function keepSnapshot({ client, onAsked, planned }: SnapshotSession, { config, keepsHistory, runId, signal, logger }: SnapshotContext, stateSchema: string): Promise<void> {
  if (!keepsHistory) return;
  const { readRaw } = await import("@org/postgres/schema");
  try {
    const reading = await readRaw(client, { ...shared, stateSchema, include: config.schema?.include }, { bounds, onAsked, planned });
    await storeSnapshotOfRun(client, stateSchema, { runId, reading });
  } catch (error) {
    signal.throwIfAborted();
    logger.warning(`The schema as this run left it could not be stored, so later differences cannot be dated: ${printable((error as Error).message)}. Run npx @org/init-database if the table is missing.`);
  }
}

const bounds = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '15s'";
const shared = { clusterWide: true };

/**
 * Has the server get ready for keepSnapshot in the session, while the run works in another one: to learn the catalogs and to plan takes a new session longer
 * than to read. Gives what keepSnapshot is to be handed; undefined where nothing will be kept. Never rejects: what is wrong shows when the snapshot is kept.
 */
export async function expectSnapshot(client: PostgresClient, { keepsHistory, logger }: Pick<SnapshotContext, "keepsHistory" | "logger">, stateSchema: string): Promise<PlannedReading | undefined> {
  if (!keepsHistory) return undefined;
  const { planReading } = await import("@org/postgres/schema");
  return planReading(client, { ...shared, stateSchema }, { bounds }).catch((error: unknown) => {
    logger.debug(`The snapshot of the schema is not planned ahead, so it takes a moment longer: ${printable((error as Error).message)}.`);
    return undefined;
  });
}
