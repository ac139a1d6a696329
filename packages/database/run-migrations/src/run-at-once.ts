import type { FileRun } from "./apply-file.ts";
import { insertStatement } from "./history.ts";
import { hasSqlAfterFile } from "./hooks/run-hooks.ts";
import { isServerError, type ServerError } from "./server-error.ts";
import { forgetSession, lockTimeout, resetSettings } from "./session-state.ts";

/**
 * Begins the transaction and runs the whole file in one message, which saves most of the time of a small file; commits it in the same
 * message, with its row, where nothing has to run between. Throws what the server refuses, with the statement of the run set where it is known.
 */
export async function runAtOnce(run: FileRun): Promise<void> {
  const { text, end } = textOf(run);
  const before = `START TRANSACTION; ${lockTimeout(run.locks)}; `;
  // Quotes that are not closed reach to the end of the file; only the server says what is wrong with them, so nothing may follow.
  run.commitsItself = end < run.toRun.sql.length && !hasSqlAfterFile(run.hooks);
  const after = run.commitsItself ? `; ${commitWithRow(run)}` : "";
  await run.client.query(before + text + after).catch((error: unknown) => {
    if (isServerError(error)) findPlace(run, error, { text, before });
    throw error;
  });
}

/** Writes the row, commits and clears the session. */
export function commitWithRow({ history, toRun: { migration, direction, checksum }, startedAt, alongside = [] }: FileRun): string {
  const row = history === null ? [] : [insertStatement(history, { migration: { ...migration, checksum }, direction, startedAt, status: "applied", isTransaction: true })];
  return [resetSettings, ...alongside, ...row, "COMMIT", forgetSession(history)].join("; ");
}

/** Whether the server refused a statement without saying which: a lock is tried for again anyway, and a lost session has no second try. */
export function needsItsPlace(error: unknown): boolean {
  return isServerError(error) && !/^(?:55P03|40P01|57|08)/u.test(error.code);
}

/** What is between the first and the last statement of the file, and where that ends. */
function textOf({ plan: { statements }, toRun: { sql } }: FileRun): { readonly text: string; readonly end: number } {
  const [first, last] = [statements[0], statements.at(-1)];
  if (first === undefined || last === undefined) return { text: "", end: 0 };
  const end = last.start + last.text.length;
  return { text: sql.slice(first.start, end), end };
}

function findPlace(run: FileRun, error: ServerError, { text, before }: { readonly text: string; readonly before: string }): void {
  const [first, ...others] = run.plan.statements;
  if (first === undefined) return;
  const position = error.position === undefined ? undefined : Number(error.position) - before.length;
  if (position !== undefined && position <= Array.from(text).length) {
    run.statement = { text, start: first.start, words: [] };
    error.position = String(position);
  } else if (others.length === 0 && !needsItsPlace(error)) run.statement = first;
}
