import { isScriptError, ScriptError, type ExitCodeName } from "@org/exit-codes";
import { describeCacheUrl } from "./url.ts";

export interface CacheErrorContext {
  readonly url: string;
  /** What the URL was set with, which the remedy names; REDIS_URL unless told. */
  readonly setting?: string | undefined;
  /** What was being done, as an infinitive: "read the memory settings". */
  readonly doing?: string | undefined;
}

/**
 * Turns what ioredis throws into a ScriptError with the right exit code, naming server, database and user but no
 * secret. A ScriptError comes back as it is; so does an error that is neither the server's nor the network's, because
 * it is a bug and keeps its stack.
 */
export function toCacheError(error: unknown, context: CacheErrorContext): unknown {
  // Before its address is read: it may be the error of a URL that has none.
  if (isScriptError(error)) return error;
  return describedError(error, { target: describeCacheUrl(context.url), setting: context.setting, doing: context.doing });
}

export interface DescribedContext {
  readonly target: string;
  readonly setting?: string | undefined;
  readonly doing?: string | undefined;
}

export function describedError(error: unknown, { target, setting = "REDIS_URL", doing }: DescribedContext): unknown {
  if (isScriptError(error) || !(error instanceof Error)) return error;
  const finding = isReplyError(error) ? replyFinding(error) : networkFinding(error);
  if (finding === undefined) return error;
  const prefix = doing === undefined || doing === "connect" ? "" : `cannot ${doing}: `;
  const named = (text: string): string => text.replaceAll("REDIS_URL", setting);
  return new ScriptError(finding.code, `${prefix}${target} ${named(finding.reason)}`, { hint: named(finding.hint), cause: withoutArguments(error) });
}

/** Whether the session is gone, or a command never got its answer, and not just a command refused. */
export function isConnectionLoss(error: unknown): boolean {
  if (isScriptError(error) || !(error instanceof Error) || isReplyError(error)) return false;
  return networkFinding(error) !== undefined;
}

interface Finding {
  readonly code: ExitCodeName;
  /** Continues a sentence that begins with the server's address; here and in the hint, REDIS_URL stands for the setting. */
  readonly reason: string;
  readonly hint: string;
}

const reachHint = "Start the server (npx @org/start-dependencies), or correct REDIS_URL.";

function networkFinding(error: Error): Finding | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const connection = (reason: string, hint = reachHint): Finding => ({ code: "connection", reason, hint });
  if (code === "ECONNREFUSED") return connection("refused the connection: nothing listens there");
  if (code === "ENOENT") return connection("has no socket there");
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return connection(`cannot be reached: the host name does not resolve (${code})`);
  if (code === "ETIMEDOUT" || error.message === "Command timed out") return connection("did not answer in time", slowHint);
  if (isTls(code, error.message)) return connection(`could not agree on TLS: ${error.message}`, tlsHint);
  if (lossCodes.has(code) || lostMessage.test(error.message)) return connection("closed the connection", lossHint);
  if (error.message.startsWith("Unknown RESP type")) return connection("does not speak the Redis protocol");
  return "syscall" in error ? connection(`cannot be reached: ${error.message}`) : undefined;
}

const lossCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
const lostMessage = /^(Connection is closed|Command aborted due to connection close|Stream isn't writeable)/;
const slowHint = "Check host, port and TLS (redis:// or rediss://) in REDIS_URL, and the firewall between.";
const tlsHint = "Use redis:// for a server without TLS; let NODE_EXTRA_CA_CERTS name the authority of a private certificate.";
const lossHint = "Look into the server's log, then run this again; a server that wants TLS (rediss://) closes plain connections.";

function isTls(code: string, message: string): boolean {
  return /^(ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code) || message.includes("before secure TLS connection");
}

function isReplyError(error: Error): boolean {
  return error.name === "ReplyError";
}

// The server's error codes are the first word of its message; order matters where several match.
const replies: readonly (readonly [RegExp, ExitCodeName, explanation: string, hint: string])[] = [
  [
    /^NOAUTH/, "connection", "wants a password, and there is none",
    "Write the password into REDIS_URL: redis://:password@host:6379.",
  ],
  [/^WRONGPASS|^ERR invalid password/, "connection", "refused the login", "Correct the user and the password in REDIS_URL."],
  [
    /without any password configured|no password is set/, "connection", "has no password set, and REDIS_URL holds one",
    "Remove the password from REDIS_URL, or set one in the server.",
  ],
  [/^LOADING/, "connection", "is still loading its data", "Wait until it has loaded, then run this again."],
  [
    /^MASTERDOWN/, "connection", "is a replica that has lost its primary and serves no old data",
    "Bring the primary back, or let REDIS_URL name another server.",
  ],
  [
    /^(BUSY|CLUSTERDOWN|DENIED|TRYAGAIN)|max number of clients/, "connection", "takes no commands now",
    "Mend what the server's message names, then run this again.",
  ],
  [
    /^NOPERM/, "permission", "refuses this to the account",
    "Let an administrator grant the command or key that the message names with ACL SETUSER.",
  ],
  [
    /^ERR (DB index|SELECT is not allowed)/, "configuration", "has no such database",
    "Correct the database number at the end of REDIS_URL.",
  ],
  [/^READONLY/, "general", "is a replica and takes no writes", "Let REDIS_URL name the primary."],
  [/^OOM/, "general", "has reached its memory limit and takes no writes", "Raise maxmemory, or choose an eviction policy."],
  [
    /^MISCONF/, "general", "takes no writes because it cannot save to disk",
    "Look for free disk space and into the server's log.",
  ],
  [
    /^(MOVED|ASK|CROSSSLOT)/, "general", "is a node of a cluster, and the key is elsewhere",
    "Let REDIS_URL name a server that holds all keys.",
  ],
];

function replyFinding({ message }: Error): Finding {
  const [, code, explanation, hint] = replies.find(([pattern]) => pattern.test(message)) ?? [];
  if (code !== undefined && hint !== undefined) return { code, reason: `${explanation}: ${message}`, hint };
  return { code: "general", reason: `says: ${message}`, hint: "Look up the message in the server's manual." };
}

// ioredis hangs the command with its arguments on the error, AUTH's password and stored values included.
function withoutArguments(error: Error): Error {
  const cause = new Error(error.message);
  return Object.assign(cause, { name: error.name, stack: error.stack });
}
