import type { ExitCodeName } from "@org/exit-codes";
import { missingRight } from "./permission.ts";

/** The fields of a server's error message that are used here. */
export interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: string | undefined;
}

export interface Finding {
  readonly code: ExitCodeName;
  /** Continues a sentence that begins with the server's address. */
  readonly reason: string;
  readonly hint: string;
}

export interface Refused {
  readonly user: string;
  readonly database: string;
  readonly statement: string | undefined;
}

export function isServerError(error: Error): error is ServerError {
  return "severity" in error && "code" in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}

/** Whether the server ended the session with this error. */
export function endsSession({ code }: ServerError): boolean {
  return /^(08...|57P0[1245]|25P03)$/.test(code);
}

/** What the server's error means to a user: exit code, explanation and next step. */
export function serverFinding(error: ServerError, refused: Refused): Finding {
  const message = fullMessage(error);
  if (error.code === "42501") return { code: "permission", reason: `refuses this to the role: ${message}`, hint: missingRight(error, refused) };
  const [, code, explanation, hint] = answers.find(([pattern]) => pattern.test(`${error.code} ${error.message}`)) ?? [];
  if (code !== undefined && hint !== undefined) return { code, reason: `${explanation}: ${message}`, hint };
  return { code: "general", reason: `says: ${message}`, hint: error.hint ?? "Look up the SQLSTATE in appendix A of the Postgres manual." };
}

const logHint = "Look into the server's log, then run this again.";

// Matched against SQLSTATE and message, the first match wins. Messages may be in the server's language, so few rows look at them.
const answers: readonly (readonly [pattern: RegExp, code: ExitCodeName, explanation: string, hint: string])[] = [
  [
    /^28000 .*pg_hba\.conf/, "connection", "refused the login",
    "Allow this user, database and address in the server's pg_hba.conf, or correct DATABASE_URL.",
  ],
  [/^28/, "connection", "refused the login", "Correct the user and the password in DATABASE_URL."],
  [/^3D000/, "dependency", "has no such database", "Create it: npx @org/init-database."],
  [/^53300/, "connection", "has no connection left", "Close idle sessions, or raise max_connections."],
  [/^57P03/, "connection", "takes no sessions now", "Wait until the server is ready, then run this again."],
  [
    /^08P01 .*startup parameter/, "connection", "is a pooler that refuses session settings",
    "Let DATABASE_URL name the server itself, or a session-mode pooler that passes options on.",
  ],
  [/^(08...|57P0[1245]|25P03)/, "connection", "ended the session", logHint],
  [
    /^25006/, "permission", "takes no writes",
    "The session is read-only or the server is a standby: connect to the primary with a role that may write.",
  ],
  [
    /^57014 .*user request/, "general", "stopped the statement because another session asked for it",
    "Find out who cancelled it, then run this again.",
  ],
  [/^57014/, "timedOut", "stopped the statement", "Raise the timeout, or find out why the statement is slow."],
  [
    /^55P03/, "timedOut", "could not lock an object",
    "Another session holds the lock: wait until it has ended, then run this again.",
  ],
  [/^53100/, "general", "has no disk space left", "Make room on the server's disk, then run this again."],
];

function fullMessage({ message, code, position, detail }: ServerError): string {
  const at = position === undefined ? "" : `, character ${position}`;
  return `${message} (SQLSTATE ${code}${at})${detail === undefined ? "" : `. ${detail}`}`;
}
