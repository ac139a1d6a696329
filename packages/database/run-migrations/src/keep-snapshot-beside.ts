import type { OpenSession, PostgresClient } from "@org/postgres";
import type { PlannedReading } from "@org/postgres/schema";
import type { RunContext } from "@org/script";
import { printable } from "./printable.ts";

export interface SecondSession {
  readonly session: OpenSession;
  /** What it has planned for the snapshot. */
  readonly planned: PlannedReading | undefined;
}

interface SnapshotSessions {
  readonly client: PostgresClient;
  /** Keeps the snapshot and is left then; undefined where the run did not end well. */
  readonly beside: SecondSession | undefined;
}

interface Snapshot<T> extends SnapshotSessions {
  /** Whether the schema is another one now than before the run. */
  readonly changed: boolean;
  /** What the first session has still been asked. */
  readonly answering: Promise<T>;
}

export interface Kept<T> {
  readonly answer: T;
  /** Settles when the snapshot is stored; it never rejects. Undefined where there is none to store. */
  readonly ended: Promise<void> | undefined;
}

type Context = RunContext<{ readonly stateSchema: string }>;

/**
 * Stores the schema that a run leaves while the rest of its end goes on: in one session after its answer, in two at once, because nothing else takes as
 * long. Throws what the answer throws; what cannot be stored is a warning.
 */
export async function keepSnapshotBeside<T>(context: Context, { changed, answering, ...sessions }: Snapshot<T>): Promise<Kept<T>> {
  const asked = Promise.withResolvers<void>();
  const keep = (): Promise<void> | undefined => (changed ? keepOne(context, sessions, asked.resolve) : sessions.beside?.session.leave());
  if (sessions.beside === undefined) return { answer: await answering, ended: keep() };
  const ended = keep();
  const answer = await answering.catch(async (cause: unknown) => {
    await ended;
    throw cause;
  });
  // What follows keeps this process busy, and the server would wait for its questions.
  await Promise.race([asked.promise, ended]);
  return { answer, ended };
}

/** The server's own limit for a statement is shorter; this one is for a server that answers no more, when the timeout of the run has ended with it. */
const limitMs = 20_000;

/** Never rejects: what cannot be stored is a warning, and an abort ends the run itself. */
async function keepOne(context: Context, { client, beside }: SnapshotSessions, onAsked: () => void): Promise<void> {
  const { keepSnapshot } = await import("@org/script/history");
  const [limit, lost] = [AbortSignal.timeout(limitMs), new AbortController()];
  const bounded = { ...context, signal: AbortSignal.any([context.signal, limit, lost.signal]) };
  const keep = (session: PostgresClient): Promise<void> => keepSnapshot({ client: session, onAsked, planned: beside?.planned }, bounded, context.settings.stateSchema);
  try {
    await (beside === undefined ? keep(client) : beside.session.use({ signal: limit }, keep));
  } catch (error) {
    // It is told here, and only once.
    lost.abort();
    const reason = limit.aborted ? `the server did not answer within ${limitMs / 1000} s` : (error as Error).message;
    if (!context.signal.aborted) context.logger.warning(`The schema as this run left it could not be stored, so later differences cannot be dated: ${printable(reason)}.`);
  } finally {
    await beside?.session.leave();
  }
}
