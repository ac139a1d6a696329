import { printableUrlPart, readConnectionUrl, type ConnectionUrl } from "@org/env";

/** Where a server is and who logs in: the parts of a connection URL, decoded. */
export interface CacheAddress {
  /** A host name or an IP address without brackets; empty when there is a socket. */
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, where the URL names one. */
  readonly socket: string | undefined;
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Number of the database that the session selects. */
  readonly database: number;
  /** Parameters of the URL that have no effect here. */
  readonly unusedParameters: readonly string[];
}

/**
 * Reads `redis://[user]:password@host:port/database`, `rediss://` (TLS) and `unix:///path/to.sock?db=0` (with `user`
 * and `password` as parameters too). Throws a ScriptError (configuration) that names the problem and what the URL was set
 * with, and never the password.
 */
export function parseCacheUrl(url: string, setting = "REDIS_URL"): CacheAddress {
  const read = readConnectionUrl(url, { name: `cache URL in ${setting}`, schemes: ["redis", "rediss", "unix"], hint: `Write ${setting} as redis://:password@host:6379/0.` });
  const { parsed, take, decode, refuse } = read;
  const user = take("user") ?? (decode(parsed.username, "user") || undefined);
  const password = take("password") ?? (decode(parsed.password, "password") || undefined);
  if (user !== undefined && password === undefined) {
    throw refuse("it names a user and no password", "Write a password without a user as redis://:password@host:6379.");
  }
  const overSocket = parsed.protocol === "unix:";
  return {
    host: overSocket ? "" : decode(parsed.hostname.replace(/^\[(.*)\]$/, "$1"), "host") || "localhost",
    port: parsed.port === "" ? 6379 : portOf(read),
    socket: overSocket ? socketOf(read) : undefined,
    tls: parsed.protocol === "rediss:",
    user,
    password,
    database: databaseOf(take("db") ?? (overSocket ? "" : parsed.pathname.slice(1)), refuse),
    unusedParameters: read.unused(),
  };
}

/** `user@host:port/database`, safe to print: no password, no control characters. */
export function describeCacheUrl(url: string): string {
  const { user, host, port, socket, database } = parseCacheUrl(url);
  const place = socket ?? `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
  return printableUrlPart(user === undefined ? place : `${user}@${place}`);
}

function socketOf({ parsed, decode, refuse }: ConnectionUrl): string {
  const path = decode(parsed.pathname, "path");
  if (parsed.host !== "" || path.length < 2) throw refuse("it names no socket", "Write unix:///path/to/server.sock.");
  return path;
}

function portOf({ parsed, refuse }: ConnectionUrl): number {
  const port = Number(parsed.port);
  if (port < 1) throw refuse(`its port ${JSON.stringify(parsed.port)} is not between 1 and 65535`);
  return port;
}

function databaseOf(text: string, refuse: ConnectionUrl["refuse"]): number {
  if (!/^\d{0,9}$/.test(text)) {
    throw refuse(`its database ${JSON.stringify(text)} is not a number`, "Write the database as a number: redis://host:6379/0.");
  }
  return Number(text);
}
