import type { FileRun } from "./apply-file.ts";
import type { SentMessage } from "./file-line.ts";
import { fileMessage, type FileMessage } from "./file-message.ts";
import { isServerError, type ServerError } from "./server-error.ts";

/**
 * Begins the transaction and runs the whole file in one message, which saves most of the time of a small file; commits it in the same
 * message, with its row, where nothing has to run between. Throws what the server refuses, with the statement of the run set where it is known.
 */
export async function runAtOnce(run: FileRun): Promise<void> {
  const sent = run.line?.send(run.toRun) ?? sendAlone(run);
  run.commitsItself = sent.commitsItself;
  await sent.reply.catch((error: unknown) => {
    if (isServerError(error)) findPlace(run, error, sent);
    throw error;
  });
}

function sendAlone(run: FileRun): SentMessage {
  const message = fileMessage(run);
  return { ...message, reply: run.client.query(message.sql) };
}

/** Whether the server refused a statement without saying which: a lock is tried for again anyway, and a lost session has no second try. */
export function needsItsPlace(error: unknown): boolean {
  return isServerError(error) && !/^(?:55P03|40P01|57|08)/u.test(error.code);
}

function findPlace(run: FileRun, error: ServerError, { text, start }: FileMessage): void {
  const [first, ...others] = run.plan.statements;
  if (first === undefined) return;
  const position = error.position === undefined ? undefined : Number(error.position) - start;
  if (position !== undefined && position <= Array.from(text).length) {
    run.statement = { text, start: first.start, words: [] };
    error.position = String(position);
  } else if (others.length === 0 && !needsItsPlace(error)) run.statement = first;
}
