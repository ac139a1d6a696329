import type { ExitCodeName } from "@org/exit-codes";
import { locate } from "./locate.ts";

/** A statement that the server refused, in the terms of whoever wrote it. */
export interface Refusal {
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | null;
  /** The server's own advice. */
  readonly hint: string | null;
  /** The calls inside of functions that led there. */
  readonly context: string | null;
  /** The place in the text, counted from 1; null without one. */
  readonly line: number | null;
  readonly column: number | null;
  /** The line and, below it, a caret under the column. */
  readonly excerpt: string | null;
  /** A refusal is an answer (checkFailed); some have an exit code of their own. */
  readonly code: ExitCodeName;
}

export interface SqlPlace {
  readonly sql: string;
  /** In UTF-16 units. */
  readonly offset: number;
}

/** Reads what the server said of a statement and where in an SQL text it is; undefined when it is no server's error. */
export function readRefusal(error: unknown, place?: SqlPlace): Refusal | undefined {
  if (!isServerError(error)) return undefined;
  const { code: sqlState, message, detail, hint, where } = error;
  const { line = null, column = null, excerpt = null } = place === undefined ? {} : locate(place.sql, place.offset);
  return { sqlState, message, detail: detail ?? null, hint: hint ?? null, context: where ?? null, line, column, excerpt, code: exitCodeFor(sqlState) };
}

interface ServerError extends Error {
  readonly code: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";
}

function exitCodeFor(sqlState: string): ExitCodeName {
  if (sqlState === "42501") return "permission";
  if (sqlState === "55P03" || sqlState === "57014") return "timedOut";
  return /^(?:08|57P)/u.test(sqlState) ? "connection" : "checkFailed";
}
