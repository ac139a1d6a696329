import { bounded, type PostgresClient } from "@org/postgres";
import { planInsertRun } from "./insert-run.ts";

/**
 * Has the server get ready to record a run in this session, which takes it longer than the record itself and which it has time for while a script is busy.
 * Never rejects: what is wrong shows when the run is recorded.
 */
export async function expectRecord(client: PostgresClient, schema: string): Promise<void> {
  await planInsertRun(bounded(client, { statementTimeoutMs: 1_000, lockTimeoutMs: 100 }), schema).catch(() => {
    // Tables that are not there, say, or that somebody holds.
  });
}
