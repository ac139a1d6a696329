import { isScriptError, ScriptError } from "@org/exit-codes";
import { endsSession, isServerError, serverFinding, type Finding } from "./server-findings.ts";
import { describePostgresUrl, parsePostgresUrl, type PostgresAddress } from "./url.ts";

export interface PostgresErrorContext {
  readonly url: string;
  /** What was being done, as an infinitive: "create the schema". */
  readonly doing?: string | undefined;
  /** The statement that failed; it tells which right to grant. */
  readonly statement?: string | undefined;
}

/**
 * Turns what node-postgres throws into a ScriptError with the right exit code, naming server, database and user but no
 * secret. A ScriptError comes back as it is; so does an error that is neither the server's nor the network's, because
 * it is a bug and keeps its stack.
 */
export function toPostgresError(error: unknown, context: PostgresErrorContext): unknown {
  if (isScriptError(error) || !(error instanceof Error)) return error;
  const address = parsePostgresUrl(context.url);
  const finding = isServerError(error)
    ? serverFinding(error, { user: address.user, database: address.database, statement: context.statement })
    : networkFinding(error, address);
  if (finding === undefined) return error;
  const failed = context.doing === undefined ? "" : `cannot ${context.doing}: `;
  const message = `${failed}${describePostgresUrl(context.url)} ${finding.reason}`;
  return new ScriptError(finding.code, message, { hint: finding.hint, cause: error });
}

/** Whether the session is gone and not just a statement refused. */
export function isConnectionLoss(error: unknown): boolean {
  if (isScriptError(error) || !(error instanceof Error)) return false;
  return isServerError(error) ? endsSession(error) : lossCodes.has(errorCode(error)) || lostMessage.test(error.message);
}

/** Whether the server answered that it does not speak TLS. */
export function isPlainTextServer(error: unknown): boolean {
  return error instanceof Error && error.message === "The server does not support SSL connections";
}

/** Whether a pooler refused the login because of the settings in it. */
export function refusesSettings(error: unknown): boolean {
  return error instanceof Error && isServerError(error) && error.code === "08P01" && error.message.includes("startup parameter");
}

const lossCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ETIMEDOUT"]);
const lostMessage = /^(Connection terminated|Client has encountered a connection error)/;

const reachHint = "Start the server (npx @org/start-dependencies), or correct DATABASE_URL.";
const slowHint = "Check host and port in DATABASE_URL and the firewall between; a listener that is no Postgres behaves like this too.";
const tlsHint = "Name the authority with sslrootcert=/path/to/ca.pem, or correct the host name; sslmode=require encrypts without checking.";
const loginHint = "Correct the user and the password in DATABASE_URL.";
const logHint = "Look into the server's log, then run this again.";

function networkFinding(error: Error, { host, port, sslMode }: PostgresAddress): Finding | undefined {
  const code = errorCode(error);
  const { message } = error;
  const connection = (reason: string, hint: string): Finding => ({ code: "connection", reason, hint });
  if (code === "ECONNREFUSED") return connection("refused the connection: nothing listens there", reachHint);
  if (code === "ENOENT" && host.startsWith("/")) return connection(`has no socket: ${host}/.s.PGSQL.${port} does not exist`, reachHint);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return connection(`cannot be reached: the host name does not resolve (${code})`, reachHint);
  if (code === "ETIMEDOUT" || message === "timeout expired") return connection("did not answer in time", slowHint);
  if (isConnectionLoss(error)) return connection("closed the connection", logHint);
  if (isPlainTextServer(error)) {
    return connection(`does not speak TLS, which sslmode=${sslMode} asks for`, "Switch TLS on in the server, or use sslmode=prefer.");
  }
  if (isTlsCode(code) || message.includes("SSL connection")) return connection(`could not agree on TLS: ${message}`, tlsHint);
  if (/^SASL: .*password must be/.test(message)) return connection("wants a password, and there is none", loginHint);
  if (message.startsWith("SASL")) return connection(`could not complete the login: ${message}`, loginHint);
  return "syscall" in error ? connection(`cannot be reached: ${message}`, reachHint) : undefined;
}

function isTlsCode(code: string): boolean {
  return /^(ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(code);
}

function errorCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
