import { ScriptError, type ExitCodeName } from "@org/exit-codes";
import { readRefusal, toOffset, type Refusal, type SqlStatement } from "@org/postgres";
import type { MigrationFailure } from "@org/script";
import { printable } from "./printable.ts";

export type { MigrationFailure };

/** A migration that the server refused. Its message names file, line and column; `failure` holds the parts. */
export class MigrationError extends ScriptError {
  readonly failure: MigrationFailure;

  constructor(failure: MigrationFailure, options: { readonly code: ExitCodeName; readonly hint: string; readonly cause: unknown }) {
    super(options.code, describe(failure), options);
    this.failure = failure;
  }
}

export interface FailedStep {
  readonly version: string;
  readonly file: string;
  readonly sql: string;
  /** The statement that failed; undefined when it was the commit. */
  readonly statement: SqlStatement | undefined;
  readonly inTransaction: boolean;
}

/** Tells a server's refusal in terms of the file; every other error comes back as it is. */
export function toMigrationError(error: unknown, step: FailedStep): unknown {
  const refusal = readRefusal(error, step.statement && { sql: step.sql, offset: offsetOf(error, step.statement) });
  if (refusal === undefined) return error;
  const { code, sqlState, message, detail, line, column, excerpt } = refusal;
  const failure: MigrationFailure = { version: step.version, file: step.file, sqlState, message, detail, line, column, excerpt, rolledBack: step.inTransaction };
  return new MigrationError(failure, { code, hint: hintFor(refusal, step), cause: error });
}

function offsetOf(error: unknown, { start, text }: SqlStatement): number {
  const { position } = error as { readonly position?: string };
  return position === undefined ? start : start + toOffset(text, Number(position));
}

function hintFor({ sqlState, hint }: Refusal, { inTransaction }: FailedStep): string {
  if (hint !== null) return hint;
  if (sqlState === "42501") return "Run it as the owner of the object, or grant the right that is named.";
  if (sqlState === "55P03") return "Another session holds the lock: wait for it to end, then run it again.";
  if (sqlState === "55P04") return "Put ALTER TYPE ... ADD VALUE into a file of its own, before the file that uses the value.";
  if (sqlState === "25001") return 'Add the line "-- no-transaction" to the file.';
  if (sqlState === "42P07" && !inTransaction) return leftBehind;
  return inTransaction ? "Correct the file, then run it again: nothing of it was kept." : notUndone;
}

const leftBehind = "If an earlier attempt left it behind, drop it (an index that was built concurrently is invalid then) and run it again.";
const notUndone = "The file runs outside a transaction: undo by hand what it had done, correct it, then run it again.";

function describe({ file, line, column, message, sqlState, detail, excerpt }: MigrationFailure): string {
  const place = line === null ? " at its commit" : `:${line}:${column}`;
  const reason = printable(`${message}${sqlState === null ? "" : ` (SQLSTATE ${sqlState})`}${detail === null ? "" : `. ${detail}`}`);
  return `${printable(file)}${place}: ${reason}${excerpt === null ? "" : `\n${excerpt}`}`;
}
