import { isScriptError, ScriptError, type ExitCodeName } from "@org/exit-codes";
import { readRefusal, toPostgresError, type Refusal } from "@org/postgres";
import type { DeployStep } from "./plan.ts";
import type { SqlFile } from "./read-sql-files.ts";
import { SqlTextError } from "./send-sql.ts";

/** What the server refused, and where. */
export interface DeployFailure {
  /** The extension of the manifest, or null for a statement of a file. */
  readonly extension: string | null;
  readonly file: string | null;
  /** The statement of the plan; null for a file. */
  readonly statement: string | null;
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | null;
  /** The calls inside of functions that led there. */
  readonly context: string | null;
  /** Counted from 1; null for a statement of the plan and for a commit. */
  readonly line: number | null;
  readonly column: number | null;
  /** The line and, below it, a caret under the column. */
  readonly excerpt: string | null;
  /** Whether everything that this run did was undone. */
  readonly rolledBack: boolean;
}

/** The server refused a statement. Its message names the place; `failure` holds the parts. */
export class DeployError extends ScriptError {
  readonly failure: DeployFailure;

  constructor(failure: DeployFailure, options: { readonly code: ExitCodeName; readonly hint: string; readonly cause: unknown }) {
    super(options.code, describe(failure), options);
    this.failure = failure;
  }
}

export interface DeployPlace {
  readonly url: string;
  readonly step?: DeployStep;
  readonly file?: SqlFile;
  /** Whether nothing that was done before stays. */
  readonly rolledBack: boolean;
}

/** Tells a server's refusal in terms of the plan and the files; every other error comes back as it is. */
export function toDeployError(error: unknown, place: DeployPlace): unknown {
  const { step, file, rolledBack } = place;
  const [cause, offset] = error instanceof SqlTextError ? [error.cause, error.offset] : [error, undefined];
  const refusal = readRefusal(cause, file === undefined || offset === undefined ? undefined : { sql: file.sql, offset });
  if (refusal === undefined) return cause;
  const { code, hint: _, ...facts } = refusal;
  const failure: DeployFailure = { extension: step?.extension ?? null, file: file?.file ?? null, statement: step?.sql ?? null, ...facts, rolledBack };
  return new DeployError(failure, { code, hint: hintFor(cause, refusal, place), cause });
}

function hintFor(error: unknown, { sqlState, hint, excerpt }: Refusal, { url, step, rolledBack }: DeployPlace): string {
  if (sqlState === "42501" && step?.lacks) return step.lacks.remedy;
  if (/^(?:42501|55P03|57014)$/u.test(sqlState)) {
    const told = toPostgresError(error, { url, statement: step?.sql ?? excerpt ?? undefined });
    if (isScriptError(told) && told.hint !== undefined) return told.hint;
  }
  if (hint !== null) return hint;
  if (sqlState === "25001") return 'Add the line "-- no-transaction" to the file.';
  return rolledBack ? "Mend the cause, then run this again: nothing was kept." : "Mend the cause, then run this again: what was committed before stays.";
}

function describe({ file, line, column, statement, message, sqlState, detail, context, excerpt }: DeployFailure): string {
  const place = file === null ? (statement ?? "the commit") : `${file}${line === null ? "" : `:${line}:${column}`}`;
  const within = context === null ? "" : ` (in ${context.split("\n", 1)[0]})`;
  return `${place}: ${message} (SQLSTATE ${sqlState})${detail === null ? "" : `. ${detail}`}${within}${excerpt === null ? "" : `\n${excerpt}`}`;
}
