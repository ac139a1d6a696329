import { ScriptError } from "@org/exit-codes";

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
 * and `password` as parameters too). Throws a ScriptError (configuration) that names the problem and never the
 * password.
 */
export function parseCacheUrl(url: string): CacheAddress {
  const parsed = parseUrl(url);
  const parameters = new Map(parsed.searchParams);
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value === "" ? undefined : value;
  };
  const user = take("user") ?? (decode(parsed.username, "user") || undefined);
  const password = take("password") ?? (decode(parsed.password, "password") || undefined);
  if (user !== undefined && password === undefined) {
    throw badUrl("it names a user and no password", "Write a password without a user as redis://:password@host:6379.");
  }
  const overSocket = parsed.protocol === "unix:";
  return {
    host: overSocket ? "" : decode(parsed.hostname.replace(/^\[(.*)\]$/, "$1"), "host") || "localhost",
    port: parsed.port === "" ? 6379 : portOf(parsed.port),
    socket: overSocket ? socketOf(parsed) : undefined,
    tls: parsed.protocol === "rediss:",
    user,
    password,
    database: databaseOf(take("db") ?? (overSocket ? "" : parsed.pathname.slice(1))),
    unusedParameters: [...parameters.keys()],
  };
}

/** `user@host:port/database`, safe to print: no password, no control characters. */
export function describeCacheUrl(url: string): string {
  const { user, host, port, socket, database } = parseCacheUrl(url);
  const place = socket ?? `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
  const described = user === undefined ? place : `${user}@${place}`;
  return described.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => encodeURIComponent(character));
}

function parseUrl(url: string): URL {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  if (scheme === undefined) throw badUrl("it does not begin with redis://");
  if (!/^(rediss?|unix):\/\/$/i.test(scheme)) throw badUrl(`it begins with ${scheme} instead of redis://`);
  // The URL standard drops line breaks and encodes blanks without a word; in a password that is another password.
  if (/[\s\u0000-\u001f]/.test(url)) throw badUrl("it contains a blank, a tab or a line break", "Write a blank as %20.");
  const hostPart = url.slice(scheme.length).split(/[/?#]/, 1)[0] ?? "";
  const rest = url.slice(scheme.length + hostPart.length);
  if (!hostPart.includes("@") && /^[^?]*@|[?&][^=&]*@/.test(rest)) throw unencoded();
  return parseStandardUrl(url);
}

function parseStandardUrl(url: string): URL {
  let parsed: URL;
  try {
    // An empty host beside a password (redis://:secret@/0) means the default one and is not in the URL standard.
    parsed = new URL(url.replace(/^(rediss?:\/\/[^/?#]*@)(?=[:/?]|$)/i, "$1localhost"));
  } catch {
    // The parser's own error carries the whole URL with its password.
    throw badUrl("it is not a valid URL", encodingHint);
  }
  if (parsed.hash !== "") throw unencoded();
  return parsed;
}

const encodingHint = "Percent-encode special characters in the user and the password: @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25.";

function unencoded(): ScriptError {
  return badUrl("its user or password contains an unencoded /, ? or #", encodingHint);
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badUrl(`its ${part} contains a % that begins no escape`, "Write a % as %25.");
  }
}

function socketOf(parsed: URL): string {
  const path = decode(parsed.pathname, "path");
  if (parsed.host !== "" || path.length < 2) throw badUrl("it names no socket", "Write unix:///path/to/server.sock.");
  return path;
}

function portOf(text: string): number {
  const port = Number(text);
  if (port < 1) throw badUrl(`its port ${JSON.stringify(text)} is not between 1 and 65535`);
  return port;
}

function databaseOf(text: string): number {
  if (!/^\d{0,9}$/.test(text)) {
    throw badUrl(`its database ${JSON.stringify(text)} is not a number`, "Write the database as a number: redis://host:6379/0.");
  }
  return Number(text);
}

function badUrl(problem: string, hint = "Write REDIS_URL as redis://:password@host:6379/0."): ScriptError {
  return new ScriptError("configuration", `the cache URL cannot be read: ${problem}`, { hint });
}
