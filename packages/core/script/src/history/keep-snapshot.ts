import { printable } from "@org/logging";
import type { ReadingSessions } from "@org/postgres/schema";
import type { RunContext } from "../define-script.ts";
import { storeSnapshotOfRun } from "./schema-snapshots.ts";

export type SnapshotContext = Pick<RunContext<unknown>, "config" | "keepsHistory" | "runId" | "signal" | "logger">;

/** The sessions that read it; with a second one half the time is enough. Both are as they were at login. */
type SnapshotSessions = Pick<ReadingSessions, "client" | "beside" | "onAsked">;

/**
 * Stores what the schema is like after a run that changed it, so that a later comparison can say since which run it differs; nothing for a run that is
 * left out of the history. The work of the run is done by then: a snapshot that cannot be had is a warning and never fails the run.
 */
export async function keepSnapshot(sessions: SnapshotSessions, { config, keepsHistory, runId, signal, logger }: SnapshotContext, stateSchema: string): Promise<void> {
  if (!keepsHistory) return;
  const { readRaw } = await import("@org/postgres/schema");
  try {
    const bounds = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '15s'";
    const reading = await readRaw({ ...sessions, bounds }, { stateSchema, include: config.schema?.include, clusterWide: true });
    await storeSnapshotOfRun(sessions.client, stateSchema, { runId, reading });
  } catch (error) {
    signal.throwIfAborted();
    logger.warning(`The schema as this run left it could not be stored, so later differences cannot be dated: ${printable((error as Error).message)}. Run npx @org/init-database if the table is missing.`);
  }
}
