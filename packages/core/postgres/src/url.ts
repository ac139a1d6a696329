import { userInfo } from "node:os";
import { printableUrlPart, readConnectionUrl, type ConnectionUrl } from "@org/env";
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
  const read = readPostgresUrl(url);
  const { parsed, take, decode } = read;
  const user = take("user") ?? (decode(parsed.username, "user") || operatingSystemUser());
  return {
    host: take("host") ?? (decode(parsed.hostname.replace(/^\[(.*)\]$/, "$1"), "host") || "localhost"),
    port: portOf(take("port") ?? parsed.port, read.refuse),
    user,
    database: take("dbname") ?? (decode(parsed.pathname.slice(1), "database") || user),
    password: take("password") ?? (decode(parsed.password, "password") || undefined),
    sslMode: sslModeOf(read),
    sslRootCert: take("sslrootcert"),
    sslCert: take("sslcert"),
    sslKey: take("sslkey"),
    options: take("options"),
    unusedParameters: read.unused(),
  };
}

/** `user@host:port/database`, safe to print: no password, no control characters. */
export function describePostgresUrl(url: string): string {
  const { user, host, port, database } = parsePostgresUrl(url);
  const place = host.includes(":") ? `[${host}]` : host;
  return printableUrlPart(`${user}@${place}:${port}/${database}`);
}

/** The same server and login with another database. */
export function withDatabase(url: string, name: string): string {
  const { parsed } = readPostgresUrl(url);
  parsed.searchParams.delete("dbname");
  // A path of one or two dots means "this folder" or "the parent" to every URL parser, however it is encoded.
  if (name === "." || name === "..") parsed.searchParams.set("dbname", name);
  else parsed.pathname = `/${encodeURIComponent(name)}`;
  return parsed.href;
}

function readPostgresUrl(url: string): ConnectionUrl {
  return readConnectionUrl(url, { name: "Postgres URL", schemes: ["postgres", "postgresql"], hint: "Write DATABASE_URL as postgres://user:password@host:5432/database." });
}

function portOf(text: string, refuse: ConnectionUrl["refuse"]): number {
  if (text === "") return 5432;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw refuse(`its port ${JSON.stringify(text)} is not between 1 and 65535`);
  return port;
}

function sslModeOf({ take, refuse }: ConnectionUrl): SslMode {
  const [mode, ssl] = [take("sslmode"), take("ssl")];
  if (mode === undefined) {
    if (ssl === undefined) return "prefer";
    return ssl === "true" || ssl === "1" ? "require" : "disable";
  }
  if (mode === "allow") return "prefer";
  const known = sslModes.find((candidate) => candidate === mode);
  if (known === undefined) throw refuse(`its sslmode ${JSON.stringify(mode)} is none of ${sslModes.join(", ")}`);
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
