import { Socket } from "node:net";
import type { Client } from "pg";
import { cancelStatement } from "./cancel.ts";
import type { PostgresClient, PostgresOptions } from "./client.ts";
import { isConnectionLoss, isPlainTextServer, refusesSettings, toPostgresError } from "./errors.ts";
import { isReadOnly, sessionSettings, startupOptions, transactionBound } from "./session-settings.ts";
import { tlsOptions, type TlsOptions } from "./tls.ts";
import { parsePostgresUrl, type PostgresAddress } from "./url.ts";

export interface Session {
  readonly client: PostgresClient;
  /** Rejects when the connection is lost or the run is aborted; never resolves. */
  readonly broken: Promise<never>;
  /** Ends the session; a statement that still runs is cancelled on the server. */
  readonly close: () => Promise<void>;
  /** The same without waiting for the server's goodbye, unless a statement still runs; nothing of the session keeps the process from ending. */
  readonly leave: () => Promise<void>;
}

/** Connects as the URL and the options say. Throws a ScriptError, or the signal's reason on abort. */
export async function openSession(options: PostgresOptions): Promise<Session> {
  const address = parsePostgresUrl(options.url);
  let attempt: Attempt | undefined = { options, address, tls: await tlsOptions(address), settingsAtLogin: true };
  let failure: unknown;
  while (attempt !== undefined) {
    try {
      return await connect(attempt);
    } catch (error) {
      options.signal?.throwIfAborted();
      failure = error;
      attempt = nextAttempt(attempt, error);
    }
  }
  throw toPostgresError(failure, { url: options.url });
}

interface Attempt {
  readonly options: PostgresOptions;
  readonly address: PostgresAddress;
  readonly tls: TlsOptions;
  readonly settingsAtLogin: boolean;
}

/** The same with less, where the server asked for less and the options allow it. */
function nextAttempt(attempt: Attempt, error: unknown): Attempt | undefined {
  const { address, tls, options, settingsAtLogin } = attempt;
  if (tls !== false && address.sslMode === "prefer" && isPlainTextServer(error)) return { ...attempt, tls: false };
  if (settingsAtLogin && options.readOnly === true && refusesSettings(error)) return { ...attempt, settingsAtLogin: false };
  return undefined;
}

async function connect(attempt: Attempt): Promise<Session> {
  const { signal, onNotice } = attempt.options;
  const { default: pg } = await import("pg");
  const socket = new Socket();
  const pgClient = new pg.Client({ ...clientOptions(attempt), stream: () => socket });
  const lost = connectionLoss(pgClient);
  if (onNotice !== undefined) pgClient.on("notice", onNotice as never);
  const destroy = (): void => void socket.destroy();
  signal?.addEventListener("abort", destroy, { once: true });
  try {
    await pgClient.connect();
    const client = await boundedClient(pgClient, attempt);
    return abortable({ attempt, pgClient, client, socket, lost });
  } catch (error) {
    destroy();
    throw error;
  } finally {
    signal?.removeEventListener("abort", destroy);
  }
}

function clientOptions({ options, address, tls, settingsAtLogin }: Attempt): object {
  const { host, port, user, database, password } = address;
  return {
    host,
    port,
    user,
    database,
    password,
    ssl: tls,
    application_name: options.applicationName,
    pipeline: options.pipeline,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    options: startupOptions(address.options, settingsAtLogin ? sessionSettings(options) : {}),
  };
}

// A pooler may refuse the settings at login, or drop them without a word.
async function boundedClient(client: PostgresClient, { options, settingsAtLogin }: Attempt): Promise<PostgresClient> {
  if (options.readOnly !== true || (settingsAtLogin && (await isReadOnly(client)))) return client;
  return transactionBound(client, sessionSettings(options));
}

interface Connected {
  readonly attempt: Attempt;
  readonly pgClient: Client;
  readonly client: PostgresClient;
  readonly socket: Socket;
  readonly lost: Promise<never>;
}

function abortable({ attempt, pgClient, client, socket, lost }: Connected): Session {
  const { signal } = attempt.options;
  const cancel = (): Promise<void> => cancelStatement({ session: pgClient, address: attempt.address, tls: attempt.tls });
  let aborting: Promise<void> | undefined;
  let onAbort = (): void => {};
  const aborted = brokenPromise((reject) => {
    onAbort = (): void => {
      aborting = cancel().then(() => {
        socket.destroy();
        reject(signal?.reason);
      });
    };
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  const close = async (): Promise<void> => {
    signal?.removeEventListener("abort", onAbort);
    if (aborting !== undefined) return aborting;
    if (!socket.destroyed && isBusy(pgClient)) await cancel();
    // A server that is frozen never says goodbye.
    socket.setTimeout(1000, () => socket.destroy());
    await pgClient.end();
    socket.destroy();
  };
  const leave = async (): Promise<void> => {
    if (isBusy(pgClient)) return close();
    void close();
    socket.unref();
  };
  return { client, broken: Promise.race([lost, aborted]), close, leave };
}

/** Whether a statement runs; the published types leave the property out. */
function isBusy(client: Client): boolean {
  return !(client as unknown as { readonly readyForQuery: boolean }).readyForQuery;
}

function connectionLoss(client: Client): Promise<never> {
  let farewell: Error | undefined;
  // What the server says before it closes tells more than the closed socket after it.
  client.connection.on("errorMessage", (message: Error) => {
    if (isConnectionLoss(message)) farewell = message;
  });
  return brokenPromise((reject) => client.on("error", (error) => reject(farewell ?? error)));
}

/** A promise that only ever rejects, and that may do so unobserved. */
function brokenPromise(subscribe: (reject: (error: unknown) => void) => void): Promise<never> {
  const promise = new Promise<never>((_, reject) => subscribe(reject));
  promise.catch(() => {
    // Who waits on it sees the rejection; after the work has ended nobody does, and nothing is lost.
  });
  return promise;
}
