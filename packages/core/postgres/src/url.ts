import { userInfo } from "node:os";
import { ScriptError } from "@org/exit-codes";

const sslModes = ["disable", "prefer", "require", "no-verify", "verify-ca", "verify-full"] as const;

/**
 * As in libpq: `prefer` (the default) encrypts where the server can, `require` always encrypts, `verify-ca` also checks
 * who signed the certificate, `verify-full` its host name too. `no-verify`, node-postgres' own, never checks.
 */
export type SslMode = (typeof sslModes)[number];

/** Where a server is and who logs in: the parts of a connection URL, decoded. */
export interface PostgresAddress {
  /** A host name, an IP address without brackets, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode;
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  /** Command line options for the session, such as `-c search_path=app`. */
  readonly options: string | undefined;
  /** Parameters of the URL that have no effect here (those of other tools, mostly). */
  readonly unusedParameters: readonly string[];
}

/**
 * Reads `postgres://` and `postgresql://` URLs as libpq does: percent-encoding, IPv6 hosts, Unix sockets
 * (`?host=/run/postgresql` or an encoded host), defaults localhost:5432, the operating system's user and a database of
 * the user's name. Throws a ScriptError (configuration) that names the problem and never the password.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const parsed = parseUrl(url);
  const parameters = new Map(parsed.searchParams);
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value === "" ? undefined : value;
  };
  const user = take("user") ?? (decode(parsed.username, "user") || operatingSystemUser());
  return {
    host: take("host") ?? (decode(parsed.hostname.replace(/^\[(.*)\]$/, "$1"), "host") || "localhost"),
    port: portOf(take("port") ?? parsed.port),
    user,
    database: take("dbname") ?? (decode(parsed.pathname.slice(1), "database") || user),
    password: take("password") ?? (decode(parsed.password, "password") || undefined),
    sslMode: sslModeOf(take("sslmode"), take("ssl")),
    sslRootCert: take("sslrootcert"),
    sslCert: take("sslcert"),
    sslKey: take("sslkey"),
    options: take("options"),
    unusedParameters: [...parameters.keys()],
  };
}

/** `user@host:port/database`, safe to print: no password, no control characters. */
export function describePostgresUrl(url: string): string {
  const { user, host, port, database } = parsePostgresUrl(url);
  const place = host.includes(":") ? `[${host}]` : host;
  return printable(`${user}@${place}:${port}/${database}`);
}

/** The same server and login with another database. */
export function withDatabase(url: string, name: string): string {
  const parsed = parseUrl(url);
  parsed.searchParams.delete("dbname");
  // A path of one or two dots means "this folder" or "the parent" to every URL parser, however it is encoded.
  if (name === "." || name === "..") parsed.searchParams.set("dbname", name);
  else parsed.pathname = `/${encodeURIComponent(name)}`;
  return parsed.href;
}

function parseUrl(url: string): URL {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  if (scheme !== undefined && !/^postgres(ql)?:\/\/$/i.test(scheme)) {
    throw badUrl(`it begins with ${scheme} instead of postgres://`);
  }
  if (scheme === undefined) throw badUrl("it does not begin with postgres://");
  // The URL standard drops line breaks and encodes blanks without a word; in a password that is another password.
  if (/[\s\u0000-\u001f]/.test(url)) throw badUrl("it contains a blank, a tab or a line break", "Write a blank as %20.");
  const hostPart = url.slice(scheme.length).split(/[/?#]/, 1)[0] ?? "";
  const rest = url.slice(scheme.length + hostPart.length);
  if (!hostPart.includes("@") && /^[^?]*@|[?&][^=&]*@/.test(rest)) throw unencoded();
  if (hostPart.slice(hostPart.lastIndexOf("@") + 1).includes(",")) {
    throw badUrl("it names several hosts", "Name the one server to work on.");
  }
  return parseStandardUrl(url);
}

function parseStandardUrl(url: string): URL {
  let parsed: URL;
  try {
    // An empty host beside a user (socket URLs: postgres://me@/db?host=/run) is legal in libpq and not in the URL standard.
    parsed = new URL(url.replace(/^([^/?#]*\/\/[^/?#]*@)(?=[:/?]|$)/, "$1localhost"));
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
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw badUrl(`its ${part} contains a % that begins no escape`, "Write a % as %25.");
  }
  if (decoded.includes("\0")) throw badUrl(`its ${part} contains a NUL character`);
  return decoded;
}

function portOf(text: string): number {
  if (text === "") return 5432;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw badUrl(`its port ${JSON.stringify(text)} is not between 1 and 65535`);
  return port;
}

function sslModeOf(mode: string | undefined, ssl: string | undefined): SslMode {
  if (mode === undefined) {
    if (ssl === undefined) return "prefer";
    return ssl === "true" || ssl === "1" ? "require" : "disable";
  }
  if (mode === "allow") return "prefer";
  const known = sslModes.find((candidate) => candidate === mode);
  if (known === undefined) throw badUrl(`its sslmode ${JSON.stringify(mode)} is none of ${sslModes.join(", ")}`);
  return known;
}

function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new ScriptError("configuration", "the Postgres URL names no user and the operating system has no name for this one", {
      hint: "Write the user into DATABASE_URL: postgres://user@host/database.",
      cause,
    });
  }
}

function badUrl(problem: string, hint = "Write DATABASE_URL as postgres://user:password@host:5432/database."): ScriptError {
  return new ScriptError("configuration", `the Postgres URL cannot be read: ${problem}`, { hint });
}

function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => encodeURIComponent(character));
}
