import type { OpenSession, PostgresClient } from "@org/postgres";
import type { RunContext } from "@org/script";
import { printable } from "./printable.ts";

export interface SnapshotSessions {
  readonly client: PostgresClient;
  /** The second session, which is closed then; undefined where the run did not end well. */
  readonly beside: OpenSession | undefined;
  /** Called when the server has been asked for all of it. */
  readonly onAsked: () => void;
}

/** The server's own limit for a statement is shorter; this one is for a server that answers no more, when the timeout of the run has ended with it. */
const limitMs = 20_000;

/** Stores the schema that a run leaves, while its report is made. Never rejects: what cannot be stored is a warning, and an abort ends the run itself. */
export async function keepSnapshotBeside(context: RunContext<{ readonly stateSchema: string }>, { client, beside, onAsked }: SnapshotSessions): Promise<void> {
  const { keepSnapshot } = await import("@org/script/history");
  const [limit, lost] = [AbortSignal.timeout(limitMs), new AbortController()];
  const bounded = { ...context, signal: AbortSignal.any([context.signal, limit, lost.signal]) };
  const keep = (second?: PostgresClient): Promise<void> => keepSnapshot({ client, beside: second, onAsked }, bounded, context.settings.stateSchema);
  try {
    await (beside === undefined ? keep() : beside.use({ signal: limit }, keep));
  } catch (error) {
    // It is told here, and only once.
    lost.abort();
    const reason = limit.aborted ? `the server did not answer within ${limitMs / 1000} s` : (error as Error).message;
    if (!context.signal.aborted) context.logger.warning(`The schema as this run left it could not be stored, so later differences cannot be dated: ${printable(reason)}.`);
  } finally {
    await beside?.close();
  }
}
