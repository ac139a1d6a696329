import { isConnectionLoss, toPostgresError } from "./errors.ts";
import { openSession } from "./session.ts";

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
  options.signal?.throwIfAborted();
  const session = await openSession(options);
  try {
    return await Promise.race([work(session.client), session.broken]);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw isConnectionLoss(error) ? toPostgresError(error, { url: options.url }) : error;
  } finally {
    await session.close();
  }
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
