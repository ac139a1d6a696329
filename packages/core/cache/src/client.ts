import type { Redis } from "ioredis";
import { isConnectionLoss, toCacheError } from "./errors.ts";
import { parseCacheUrl, type CacheAddress } from "./url.ts";

/** An ioredis client that connects once, never retries and never queues. */
export type CacheClient = Redis;

export interface CacheOptions {
  readonly url: string;
  /** What the URL was set with, which errors name; REDIS_URL unless told. */
  readonly setting?: string | undefined;
  /** Shown by CLIENT LIST, so that an operator sees whose session it is; blanks become dashes, as the server allows none. */
  readonly clientName: string;
  /** Milliseconds for DNS, TCP, TLS and login together; 5000 unless told. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds for the answer to one command; 5000 unless told. */
  readonly commandTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects, logs in, runs the work and disconnects, whatever happens. Rejects with the signal's reason on abort. Throws
 * a ScriptError when no session can be had (connection, configuration) and when it is lost or a command gets no answer
 * (connection); what else the work throws comes through as it is.
 */
export async function withCache<T>(options: CacheOptions, work: (client: CacheClient) => Promise<T>): Promise<T> {
  options.signal?.throwIfAborted();
  const address = parseCacheUrl(options.url, options.setting);
  const { default: ioredis } = await import("ioredis");
  const client = new ioredis.Redis(clientOptions(options, address));
  const session = watch(client, options.signal);
  try {
    await logIn({ options, address, client, broken: session.broken });
    return await Promise.race([work(client), session.broken]);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw isConnectionLoss(error) ? toCacheError(session.cause() ?? error, options) : error;
  } finally {
    session.close();
  }
}

function clientOptions(options: CacheOptions, address: CacheAddress): object {
  const { host, port, socket, tls } = address;
  return {
    ...(socket === undefined ? { host, port } : { path: socket }),
    // A name check needs a name: for an IP address the certificate must carry it.
    ...(tls && { tls: {} }),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: options.connectTimeoutMs ?? 5000,
    commandTimeout: options.commandTimeoutMs ?? 5000,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableOfflineQueue: false,
    // Login, ready check and names are logIn's: ioredis writes some of their errors to the console and ignores others.
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}

interface Session {
  /** Rejects when the connection is lost or the run is aborted; never resolves. */
  readonly broken: Promise<never>;
  /** The first error of the socket, which says more than ioredis' "Connection is closed". */
  readonly cause: () => Error | undefined;
  readonly close: () => void;
}

function watch(client: CacheClient, signal: AbortSignal | undefined): Session {
  let cause: Error | undefined;
  client.on("error", (error) => (cause ??= error));
  let onAbort = (): void => {};
  const broken = new Promise<never>((_, reject) => {
    client.once("close", () => reject(cause ?? new Error("Connection is closed.")));
    onAbort = () => reject(signal?.reason);
  });
  broken.catch(() => {
    // Who waits on it sees the rejection; after the work has ended nobody does, and nothing is lost.
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  return {
    broken,
    cause: () => cause,
    close: () => {
      signal?.removeEventListener("abort", onAbort);
      client.disconnect();
      // A server that is frozen never closes its side.
      (client.stream as typeof client.stream | undefined)?.destroy();
    },
  };
}

interface Login {
  readonly options: CacheOptions;
  readonly address: CacheAddress;
  readonly client: CacheClient;
  readonly broken: Promise<never>;
}

async function logIn(login: Login): Promise<void> {
  const { options, broken } = login;
  const limit = deadline(options.connectTimeoutMs ?? 5000);
  try {
    await Promise.race([greet(login), broken, limit.passed]);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw toCacheError(error, { ...options, doing: "connect" });
  } finally {
    limit.clear();
  }
}

async function greet({ options, address, client, broken }: Login): Promise<void> {
  // ioredis' own rejection says only that the connection is closed; the socket's error arrives through broken.
  await client.connect().catch(() => broken);
  const { user, password, database } = address;
  const steps = [
    ...(password === undefined ? [] : [client.call("AUTH", ...(user === undefined ? [password] : [user, password]))]),
    client.ping(),
    client.client("SETNAME", options.clientName.replaceAll(/[^!-~]+/g, "-")).catch(() => {
      // The name is a courtesy to operators; a server or an account without that command works as well.
    }),
    ...(database === 0 ? [] : [client.select(database)]),
  ];
  const failed = (await Promise.allSettled(steps)).find((step) => step.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function deadline(ms: number): { readonly passed: Promise<never>; readonly clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(`no answer within ${ms} ms`), { code: "ETIMEDOUT" })), ms);
  });
  return { passed, clear: () => clearTimeout(timer) };
}
