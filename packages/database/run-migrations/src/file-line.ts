import { randomUUID } from "node:crypto";
import type { FileTarget } from "./apply-file.ts";
import { fileMessage, type FileMessage, type MessageLinks } from "./file-message.ts";
import type { FileToRun } from "./file-to-run.ts";
import { printable } from "./printable.ts";

export interface SentMessage extends FileMessage {
  /** Rejects with what the server refuses. */
  readonly reply: Promise<unknown>;
}

/** Files that run one after the other, each in a transaction of its own. */
export interface FileLine {
  /** Sends the message of the file, unless it is under way already, and behind it that of the next one. */
  send(file: FileToRun): SentMessage;
  /** Whether the file was sent before its turn: then it runs. */
  isUnderWay(file: FileToRun): boolean;
  /** After a failure: waits until the server has refused what was sent behind the file that failed. */
  withdraw(): Promise<void>;
}

/**
 * Lets the server go from file to file without waiting for this process or for its disk; undefined where each file has to be done with before the next
 * one is sent: something runs in between, or the client waits for each answer.
 *
 * A message that is sent early asks at its start for a token (a prepared statement of a name that no file can know) which the one before leaves as the
 * last thing it does, so that the server runs none of it after a failure.
 *
 * The server writes its log in order, so one commit that waits for the disk takes all before it along: the last file's does, and so does the record of
 * one that fails. A crash of the server in between undoes the latest files together with their rows.
 * Source: PostgreSQL's documentation, "Asynchronous Commit".
 */
export function lineUp(target: FileTarget, files: readonly FileToRun[]): FileLine | undefined {
  if (target.client.pipeline !== true || target.hooks !== undefined || target.history === null || target.locks.retries === 0) return undefined;
  const places = placesIn(files);
  let ahead: Ahead | undefined;
  return {
    send(file) {
      const { next, leaves, isFlushedLater } = places.get(file)!;
      const sent = ahead?.file === file ? ahead.sent : post(target, file, { leaves, isFlushedLater });
      const isFollowed = leaves !== undefined && sent.commitsItself && target.signal?.aborted !== true;
      ahead = isFollowed ? { file: next!, sent: post(target, next!, places.get(next!)!) } : undefined;
      return sent;
    },
    isUnderWay: (file) => ahead?.file === file,
    async withdraw() {
      const withdrawn = ahead;
      ahead = undefined;
      if (await hasRun(withdrawn)) throw new Error(`${printable(withdrawn!.file.file)} was applied although the file before it failed`);
    },
  };
}

/** The file that was sent before its turn. */
interface Ahead {
  readonly file: FileToRun;
  readonly sent: SentMessage;
}

interface Place extends MessageLinks {
  readonly next: FileToRun | undefined;
}

function placesIn(files: readonly FileToRun[]): ReadonlyMap<FileToRun, Place> {
  const run = randomUUID().replaceAll("-", "");
  const token = (index: number): string | undefined => (files[index + 1] !== undefined && canBeSentAhead(files[index + 1]!) ? `applied_${run}_${index}` : undefined);
  return new Map(files.map((file, index) => [file, { next: files[index + 1], after: token(index - 1), leaves: token(index), isFlushedLater: index + 1 < files.length }]));
}

/** Asking for the token is a query, and the isolation of a transaction has to be set before its first one. */
function canBeSentAhead({ sql, plan }: FileToRun): boolean {
  return plan.inTransaction && !(/\btransaction\b/iu.test(sql) && plan.statements.some(({ words }) => /^SET (?:LOCAL |SESSION )?TRANSACTION/u.test(words.join(" "))));
}

function post(target: FileTarget, toRun: FileToRun, links: MessageLinks): SentMessage {
  const message = fileMessage({ ...target, toRun }, links);
  const reply = target.client.query(message.sql);
  reply.catch(() => {
    // Who takes the message hears of it, and so does who withdraws it.
  });
  return { ...message, reply };
}

async function hasRun(ahead: Ahead | undefined): Promise<boolean> {
  if (ahead === undefined) return false;
  return ahead.sent.reply.then(
    () => true,
    () => false,
  );
}
