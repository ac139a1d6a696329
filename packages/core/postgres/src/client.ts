import { isConnectionLoss, toPostgresError } from "./errors.ts";
import { bounded } from "./session-settings.ts";
import { openSession, type Session } from "./session.ts";

export interface PostgresField {
  readonly name: string;
  readonly dataTypeID: number;
}

export interface PostgresResult<Row> {
  readonly rows: Row[];
  /** Rows returned or changed; null for commands that count none. */
  readonly rowCount: number | null;
  readonly command: string;
  readonly fields: readonly PostgresField[];
}

/** What scripts use of a connection; a `pg.Client` is one. */
export interface PostgresClient {
  /**
   * Runs one statement; await it before the next. Without values the text may hold several statements, which are one
   * implicit transaction; what comes back is then an array of results, which this type does not promise: do not read it.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<PostgresResult<Row>>;
  /** Whether a statement may be sent before the one before it is answered: the server takes them one after the other. */
  readonly pipeline?: boolean;
}

export interface PostgresNotice {
  /** NOTICE, WARNING, INFO, LOG or DEBUG, in the server's language. */
  readonly severity: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

export interface PostgresOptions {
  readonly url: string;
  /** Shown in pg_stat_activity, so that an operator sees whose session it is. */
  readonly applicationName: string;
  /** Milliseconds for DNS, TCP, TLS and login together; 5000 unless told. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds; a read-only session has 10 000 unless told, others the server's own. */
  readonly statementTimeoutMs?: number | undefined;
  /** Milliseconds; a read-only session has 50 unless told, others the server's own. */
  readonly lockTimeoutMs?: number | undefined;
  /** The server refuses every write of this session, and idle transactions end after 30 s; through any pooler too. */
  readonly readOnly?: boolean | undefined;
  /** Statements are sent at once, also while the server still works on others. */
  readonly pipeline?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onNotice?: ((notice: PostgresNotice) => void) | undefined;
}

/**
 * Connects, runs the work and closes, whatever happens. On abort the running statement is cancelled on the server and
 * the promise rejects with the signal's reason. Throws a ScriptError when no session can be had (connection,
 * dependency, permission, configuration) and when it is lost under way (connection); what the work throws, server
 * errors included, comes through as it is.
 */
export async function withClient<T>(options: PostgresOptions, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const { value, session } = await keepSession(options, work);
  await session.close();
  return value;
}

/** A session that outlives the work which it was opened for. Whoever holds it closes it. */
export interface OpenSession {
  /**
   * Runs more work in it. Every statement, or transaction of the work, carries the bounds, which stay neither with the session nor with a pooler behind it.
   * Rejects as withClient does; only an abort closes the session.
   */
  use<T>(bounds: SessionBounds, work: (client: PostgresClient) => Promise<T>): Promise<T>;
  /** Ends it, with the first call; a statement that still runs is cancelled on the server. Never rejects. */
  close(): Promise<void>;
  /** Ends it as well, but waits for no answer: the goodbye of a server takes longer than a short program has left, which it keeps from ending no more. */
  leave(): Promise<void>;
}

export type SessionBounds = Pick<PostgresOptions, "statementTimeoutMs" | "lockTimeoutMs" | "signal">;

/** As withClient, except that after work that ended well the session stays open and is given with the value. The signal of the options still ends it. */
export async function keepSession<T>(options: PostgresOptions, work: (client: PostgresClient) => Promise<T>): Promise<{ readonly value: T; readonly session: OpenSession }> {
  options.signal?.throwIfAborted();
  const session = await openSession(options);
  try {
    return { value: await inSession(session, options, work), session: toOpenSession(session, options.url) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function inSession<T>({ client, broken }: Omit<Session, "close" | "leave">, { url, signal }: Pick<PostgresOptions, "url" | "signal">, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  try {
    return await Promise.race([work(client), broken]);
  } catch (error) {
    signal?.throwIfAborted();
    throw isConnectionLoss(error) ? toPostgresError(error, { url }) : error;
  }
}

function toOpenSession(session: Session, url: string): OpenSession {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= session.close());
  const leave = (): Promise<void> => (closing ??= session.leave());
  const use: OpenSession["use"] = async (bounds, work) => {
    const { signal } = bounds;
    signal?.throwIfAborted();
    const ended = new AbortController();
    const client = bounded(session.client, bounds);
    const broken = Promise.race([session.broken, closedOnAbort(signal, close, ended.signal)]);
    return inSession({ client, broken }, { url, signal }, work).finally(() => ended.abort());
  };
  return { use, close, leave };
}

/** Rejects when the signal is aborted before the work has ended. */
function closedOnAbort(signal: AbortSignal | undefined, close: () => Promise<void>, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => void close().then(() => reject(signal.reason as Error)), { once: true, signal: ended }));
}

/**
 * The same for work that goes on in other sessions, too: when this one is lost, the signal that the work gets is aborted and the work is waited for,
 * because it may have something to clear away.
 */
export async function withClientAndOthers<T>(options: PostgresOptions, work: (client: PostgresClient, signal: AbortSignal) => Promise<T>): Promise<T> {
  const session = new AbortController();
  const signal = AbortSignal.any([session.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const works: Promise<T>[] = [];
  try {
    return await withClient(options, (client) => {
      works.push(work(client, signal));
      return works[0]!;
    });
  } finally {
    session.abort();
    await Promise.allSettled(works);
  }
}
