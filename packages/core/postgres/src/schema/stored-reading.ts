import { ScriptError } from "@org/exit-codes";
import { families } from "./catalog/families.ts";
import type { Kind } from "./model.ts";
import { toReading, type RawPart, type RawReading, type Reading } from "./read-snapshot.ts";
import type { Row } from "./to-fact.ts";

/** A reading as it is kept in files and tables: what the catalogs said, roles by their own names. */
export interface StoredReading extends Omit<Reading, "parts"> {
  /** Raised whenever a reading tells more, or other things, than before: only readings of one format compare. */
  readonly snapshotFormat: number;
  readonly rows: readonly StoredRow[];
}

interface StoredRow {
  readonly kind: Kind;
  readonly row: Row;
}

const format = 2;

/** Keeps a reading as the server told it, which is the quickest; parseReading reads it too. */
export function storeRawReading(reading: RawReading): string {
  return JSON.stringify({ snapshotFormat: format, ...reading });
}

/** The same schema gives the same text, whatever the order in which it was made; `indent` makes it a text that `diff` shows well. */
export function storeReading({ parts, ...rest }: Reading, { indent = 0 }: { readonly indent?: number } = {}): string {
  const placed = parts.flatMap(({ kind, rows }) => rows.map((row) => ({ place: placeOf(kind, row), stored: { kind, row: canonical(row) } })));
  const rows = placed.sort((a, b) => inOrder(a.place, b.place)).map(({ stored }) => stored);
  const stored: StoredReading = { snapshotFormat: format, ...rest, rows };
  return `${JSON.stringify(stored, null, indent)}\n`;
}

/** Properties by name; of privileges the order means nothing either. */
function canonical(row: Row): Row {
  const told: Record<string, unknown> = {};
  for (const name of Object.keys(row).sort()) told[name] = name === "acl" && Array.isArray(row[name]) ? [...(row[name] as string[])].sort() : row[name];
  return told as Row;
}

/** By kind and name; what has neither to itself is told apart by its roles. */
function placeOf(kind: Kind, row: Row): string {
  return `${kind}\0${row.name}\0${JSON.stringify([row["creator"], row["for role"], row["of role"]])}`;
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * Reads what storeReading or storeRawReading wrote; `source` names it in errors. Throws a ScriptError (configuration) for a text that is none, or one of another format,
 * which tells other things.
 */
export function parseReading(text: string, source: string): Reading {
  const stored = parseJson(text, source);
  if (!isObject(stored) || typeof stored["snapshotFormat"] !== "number") throw unreadable(source, "it is no snapshot of a schema");
  const { snapshotFormat, ...reading } = stored;
  if (snapshotFormat > format) {
    throw new ScriptError("configuration", `${source} has the format ${snapshotFormat}, and this release reads the format ${format}`, { hint: "Update the package." });
  }
  if (snapshotFormat !== format) throw unreadable(source, `it has the format ${snapshotFormat} of an older release, which tells less`);
  if (isRawReading(reading)) return takenApart(reading, source);
  if (!isReading(reading)) throw damaged(source);
  const { rows, ...rest } = reading;
  return { ...rest, parts: [...Map.groupBy(rows, ({ kind }) => kind)].map(([kind, told]) => ({ kind, rows: told.map(({ row }) => row) })) };
}

function takenApart(raw: RawReading, source: string): Reading {
  try {
    return toReading(raw);
  } catch (cause) {
    throw damaged(source, cause);
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(source, `it is not valid JSON: ${(cause as Error).message}`);
  }
}

function isReading(value: object): value is Omit<StoredReading, "snapshotFormat"> {
  const { rows } = value as Partial<StoredReading>;
  return isHead(value) && Array.isArray(rows) && rows.every(isRow);
}

function isRawReading(value: object): value is RawReading {
  const { parts } = value as Partial<RawReading>;
  return isHead(value) && Array.isArray(parts) && parts.every(isPart);
}

function isHead(value: object): boolean {
  const { serverVersion, clusterWide, unread } = value as Partial<Reading>;
  return typeof serverVersion === "number" && typeof clusterWide === "boolean" && Array.isArray(unread);
}

function isPart(value: unknown): value is RawPart {
  if (!isObject(value) || !kinds.has(value["kind"] as Kind)) return false;
  const { kind, rows, columns, records } = value;
  if (Array.isArray(rows)) return rows.every((row) => isRow({ kind, row }));
  return Array.isArray(columns) && columns.includes("name") && typeof records === "string";
}

const kinds: ReadonlySet<Kind> = new Set([...families.map(({ kind }) => kind), "server"]);

function isRow(value: unknown): value is StoredRow {
  return isObject(value) && kinds.has(value["kind"] as Kind) && isObject(value["row"]) && typeof value["row"]["name"] === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(source: string, cause?: unknown): ScriptError {
  return unreadable(source, "it is damaged: not every object has a kind and a name that this release knows", cause);
}

function unreadable(source: string, reason: string, cause?: unknown): ScriptError {
  return new ScriptError("configuration", `${source} cannot be read: ${reason}`, { hint: "Write it again with the action snapshot.", cause });
}
