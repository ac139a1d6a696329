import { Buffer } from "node:buffer";
import type { CopyData, PostgresClient, SqlStatement } from "@org/postgres";

/** What the server refused of an SQL text. */
export class SqlTextError extends Error {
  /** Where in the whole text, in UTF-16 units. */
  readonly offset: number;

  constructor(cause: Error, offset: number) {
    super(cause.message, { cause });
    this.offset = offset;
  }
}

/**
 * Sends consecutive statements of a text to the server in one piece, as they are written, with the comments between them; rows below
 * a COPY ... FROM STDIN go the way of COPY. Throws an SqlTextError for what the server refuses.
 */
export async function sendSql(client: PostgresClient, sql: string, statements: readonly SqlStatement[]): Promise<void> {
  const [first, last] = [statements[0], statements.at(-1)];
  if (first === undefined || last === undefined) return;
  const pieces = withoutRows(sql, statements);
  const copies = statements.flatMap(({ copyData }) => copyData ?? []);
  const answered = await exchange(client, { text: pieces.map(({ text }) => text).join(""), copies });
  if (answered.error === undefined) return;
  // Without a position it is the statement that the server did not complete.
  const offset = originalOffset(answered.error, pieces) ?? statements[answered.completed]?.start ?? last.start;
  throw new SqlTextError(answered.error, offset);
}

interface Piece {
  readonly text: string;
  /** Where it starts in the whole text. */
  readonly start: number;
}

function withoutRows(sql: string, statements: readonly SqlStatement[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = statements[0]!.start;
  const end = statements.map((statement) => statement.start + statement.text.length).at(-1)!;
  for (const { copyData } of statements) {
    if (copyData === undefined || copyData.start >= end) continue;
    if (copyData.start > start) pieces.push({ text: sql.slice(start, copyData.start), start });
    start = copyData.end;
  }
  return [...pieces, { text: sql.slice(start, end), start }];
}

/** The position that Postgres reports counts characters of what was sent, from 1. */
function originalOffset(error: Error, pieces: readonly Piece[]): number | undefined {
  const { position } = error as { readonly position?: string };
  if (position === undefined) return undefined;
  let left = Number(position) - 1;
  for (const { text, start } of pieces) {
    const characters = Array.from(text);
    if (left < characters.length) return start + characters.slice(0, left).join("").length;
    left -= characters.length;
  }
  const end = pieces.at(-1)!;
  return end.start + end.text.length;
}

interface Exchange {
  readonly text: string;
  /** The rows for each COPY FROM STDIN, in order. */
  readonly copies: readonly CopyData[];
}

interface Answer {
  /** Statements that the server completed. */
  readonly completed: number;
  readonly error: Error | undefined;
}

/** The part of node-postgres' protocol layer that its published types leave out. */
interface Connection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
}

function exchange(client: PostgresClient, { text, copies }: Exchange): Promise<Answer> {
  const waiting = [...copies];
  let completed = 0;
  return new Promise((resolve) => {
    const ignore = (): void => {};
    const submittable = {
      submit: (connection: Connection) => connection.query(text),
      handleCommandComplete: () => void (completed += 1),
      handleCopyInResponse: (connection: Connection) => sendRows(connection, waiting.shift()),
      handleReadyForQuery: () => resolve({ completed, error: undefined }),
      handleError: (error: Error) => resolve({ completed, error }),
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handlePortalSuspended: ignore,
      handleEmptyQuery: ignore,
      handleCopyData: ignore,
    };
    // A client of node-postgres takes whoever speaks its protocol in place of a text.
    void client.query(submittable as unknown as string);
  });
}

const chunkLength = 64 * 1024;

function sendRows(connection: Connection, rows: CopyData | undefined): void {
  const bytes = Buffer.from(rows?.text ?? "", "utf8");
  for (let at = 0; at < bytes.length; at += chunkLength) connection.sendCopyFromChunk(bytes.subarray(at, at + chunkLength));
  connection.endCopyFrom();
}
