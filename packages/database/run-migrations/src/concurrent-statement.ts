import type { PostgresClient, SqlStatement } from "@org/postgres";
import type { FileRun } from "./apply-file.ts";
import type { StartedStatement } from "./history.ts";
import { printable } from "./printable.ts";

/** A statement that works concurrently: it commits in between, so that an interrupted one leaves traces. */
export interface ConcurrentStatement {
  /** What to send; after an interruption that may be another statement. */
  readonly text: (client: PostgresClient) => Promise<string>;
  /** The oids of the indexes among which its traces would be. */
  readonly indexes: (client: PostgresClient) => Promise<readonly string[]>;
  /** Whether an attempt that began with these indexes came to its end. */
  readonly isDone: (client: PostgresClient, started: StartedStatement) => Promise<boolean>;
  /** Which invalid indexes are its traces; a condition on `c` (the index), `i` (pg_index), $1 (its subject) and $2 (indexes before). */
  readonly leftovers: { readonly where: string; readonly subject: string } | undefined;
}

/** Undefined for every other statement. */
export function concurrentStatement(statement: SqlStatement): ConcurrentStatement | undefined {
  return createIndex(statement) ?? dropIndex(statement) ?? reindex(statement) ?? detachPartition(statement);
}

/** The invalid indexes that the statement left behind, as quoted names. */
export async function leftoversOf(client: PostgresClient, { leftovers }: ConcurrentStatement, started: StartedStatement | null): Promise<readonly string[]> {
  if (leftovers === undefined) return [];
  const { rows } = await client.query<{ name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT i.indisvalid AND c.relkind = 'i' AND (${leftovers.where})
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)`,
    [leftovers.subject, started === null ? null : [...started.indexes]],
  );
  return rows.map(({ name }) => name);
}

/** Tells of the invalid indexes that a failed statement leaves behind. */
export async function nameLeftovers({ client, logger }: FileRun, concurrent: ConcurrentStatement, started: StartedStatement): Promise<void> {
  try {
    for (const name of await leftoversOf(client, concurrent, started)) {
      logger.warning(`The index ${printable(name)} is left behind, invalid; the next run drops it and builds it again.`);
    }
  } catch {
    // The session is lost, which is what the statement's own error says; the next run looks again.
  }
}

const gap = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[^]*?\*/)+`;
const identifier = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const name = String.raw`${identifier}(?:\s*\.\s*${identifier}){0,2}`;
const pattern = (...parts: string[]): RegExp => new RegExp(`^${parts.join(gap)}`, "iu");
const optional = (part: string): string => `(?:${part}${gap})?`;

const creation = pattern(`CREATE${gap}${optional("UNIQUE")}INDEX`, "CONCURRENTLY", `${optional(["IF", "NOT", "EXISTS"].join(gap))}(?:(?!ON\\b)(?<index>${identifier})${gap})?ON`, `${optional("ONLY")}(?<table>${name})`);

function createIndex({ text }: SqlStatement): ConcurrentStatement | undefined {
  const { index, table } = creation.exec(text)?.groups ?? {};
  if (table === undefined) return undefined;
  const named = index === undefined ? "false" : `c.relname = ${asLiteral(index)}`;
  const where = `i.indrelid = pg_catalog.to_regclass($1) AND (${named} OR NOT i.indexrelid::text = ANY ($2::text[]))`;
  const indexes = (client: PostgresClient): Promise<readonly string[]> => oids(client, "indrelid = pg_catalog.to_regclass($1)", table);
  return {
    text: async () => text,
    indexes,
    isDone: async (client, started) => (await indexes(client)).some((oid) => !started.indexes.includes(oid)),
    leftovers: { where, subject: table },
  };
}

const removal = pattern(`DROP${gap}INDEX`, "CONCURRENTLY", `${optional(["IF", "EXISTS"].join(gap))}(?<index>${name})`);

function dropIndex({ text }: SqlStatement): ConcurrentStatement | undefined {
  const { index } = removal.exec(text)?.groups ?? {};
  if (index === undefined) return undefined;
  const indexes = (client: PostgresClient): Promise<readonly string[]> => oids(client, "indexrelid = pg_catalog.to_regclass($1)", index);
  const isDone = async (client: PostgresClient, { indexes: before }: StartedStatement): Promise<boolean> => before.length > 0 && (await indexes(client)).length === 0;
  return { text: async () => text, indexes, isDone, leftovers: undefined };
}

function reindex({ text, words }: SqlStatement): ConcurrentStatement | undefined {
  if (words[0] !== "REINDEX" || !/\bCONCURRENTLY\b/iu.test(text)) return undefined;
  // The server names the new and the old index of a pair like this.
  const where = "c.relname ~ $1 AND NOT i.indexrelid::text = ANY ($2::text[])";
  const indexes = (client: PostgresClient): Promise<readonly string[]> => oids(client, "NOT indisvalid AND $1 <> ''", "all");
  return { text: async () => text, indexes, isDone: async () => false, leftovers: { where, subject: "_cc(new|old)[0-9]*$" } };
}

const detachment = pattern("ALTER", "TABLE", `${optional(["IF", "EXISTS"].join(gap))}${optional("ONLY")}${name}`, "DETACH", "PARTITION", `(?<partition>${name})`, "CONCURRENTLY");

function detachPartition({ text }: SqlStatement): ConcurrentStatement | undefined {
  const { partition } = detachment.exec(text)?.groups ?? {};
  if (partition === undefined) return undefined;
  return {
    // The first half of an interrupted detachment is done: the server takes the other half only.
    text: async (client) => ((await attachment(client, partition))?.pending === true ? text.replace(/CONCURRENTLY\s*$/iu, "FINALIZE") : text),
    indexes: async () => [],
    isDone: async (client) => (await attachment(client, partition)) === undefined,
    leftovers: undefined,
  };
}

async function attachment(client: PostgresClient, partition: string): Promise<{ readonly pending: boolean } | undefined> {
  const { rows } = await client.query<{ pending: boolean }>(
    "SELECT inhdetachpending AS pending FROM pg_catalog.pg_inherits WHERE inhrelid = pg_catalog.to_regclass($1)",
    [partition],
  );
  return rows[0];
}

async function oids(client: PostgresClient, where: string, subject: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ oid: string }>(`SELECT indexrelid::text AS oid FROM pg_catalog.pg_index WHERE ${where}`, [subject]);
  return rows.map(({ oid }) => oid);
}

/** The name that an identifier stands for, as a literal. */
function asLiteral(written: string): string {
  const meant = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
  return `'${meant.replaceAll("'", "''")}'`;
}
