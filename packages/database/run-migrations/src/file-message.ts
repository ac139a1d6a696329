import type { FileRun } from "./apply-file.ts";
import { insertStatement } from "./history.ts";
import { hasSqlAfterFile } from "./hooks/run-hooks.ts";
import { forgetSession, lockTimeout, resetSettings } from "./session-state.ts";

/** What the message of a file holds beside it. */
export type MessageRun = Pick<FileRun, "toRun" | "history" | "locks" | "hooks" | "alongside">;

/** How a message hangs together with those of other files. */
export interface MessageLinks {
  /** The token that the message before leaves at its end; without it, the server refuses all of this one. */
  readonly after?: string | undefined;
  /** The token that this message leaves. */
  readonly leaves?: string | undefined;
  /** The commit does not wait for the server's disk: a later one does, and brings this one there before itself. */
  readonly isFlushedLater?: boolean | undefined;
}

/** A whole file as one message to the server. */
export interface FileMessage {
  readonly sql: string;
  /** The part of it that is the file's. */
  readonly text: string;
  /** How many characters stand before that. */
  readonly start: number;
  /** Whether it holds the commit too: nothing has to run between. */
  readonly commitsItself: boolean;
}

/** Begins a transaction, runs the file, records it, commits and clears the session. */
export function fileMessage(run: MessageRun, links: MessageLinks = {}): FileMessage {
  const { text, end } = textOf(run);
  const before = `${links.after === undefined ? "" : `DEALLOCATE ${links.after}; `}START TRANSACTION; ${lockTimeout(run.locks)}; `;
  // Quotes that are not closed reach to the end of the file; only the server says what is wrong with them, so nothing may follow.
  const commitsItself = end < run.toRun.sql.length && !hasSqlAfterFile(run.hooks);
  const leave = links.leaves === undefined ? "" : `; PREPARE ${links.leaves} AS SELECT`;
  const after = commitsItself ? `; ${commitWithRow(run, links)}${leave}` : "";
  return { sql: before + text + after, text, start: before.length, commitsItself };
}

/** Writes the row, commits and clears the session. */
export function commitWithRow({ history, toRun: { migration, direction, checksum }, alongside = [] }: MessageRun, { isFlushedLater = false }: MessageLinks = {}): string {
  const row = history === null ? [] : [insertStatement(history, { migration: { ...migration, checksum }, direction, startedAt: new Date(), status: "applied", isTransaction: true })];
  const commit = isFlushedLater ? ["SET LOCAL synchronous_commit = off", "COMMIT"] : ["COMMIT"];
  return [resetSettings, ...alongside, ...row, ...commit, forgetSession(history)].join("; ");
}

/** What is between the first and the last statement of the file, and where that ends. */
function textOf({ toRun: { sql, plan: { statements } } }: MessageRun): { readonly text: string; readonly end: number } {
  const [first, last] = [statements[0], statements.at(-1)];
  if (first === undefined || last === undefined) return { text: "", end: 0 };
  const end = last.start + last.text.length;
  return { text: sql.slice(first.start, end), end };
}
