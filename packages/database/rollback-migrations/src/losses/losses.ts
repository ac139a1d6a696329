import type { PostgresClient } from "@org/postgres";
import { removalsOf, type Removal, type StatementRemovals, type WrittenName } from "@org/run-migrations";
import { countDeleted, countRows, countValues, uncounted } from "./count-rows.ts";
import {
  columnNamed,
  columnsOfTypes,
  isBuiltIn,
  keepsValues,
  sessionSchemas,
  tablesNamed,
  tablesOfExtension,
  tablesOfSchema,
  tablesReferringTo,
  type LiveColumn,
  type LiveTable,
} from "./live-tables.ts";
import type { Loss } from "../rollback-status.ts";

/** Whether something is lost for sure or perhaps: an empty table is not, an estimate may be wrong. */
export function losesData({ rows, exact }: Loss): boolean {
  return !exact || rows !== 0;
}

/** What the texts take away when they run in this order, one list for each. Reads the database in the state before the first. */
export async function findLosses(client: PostgresClient, texts: readonly string[]): Promise<readonly (readonly Loss[])[]> {
  // Counting must not take the rows that a policy shows for all there are.
  await client.query("SET row_security = off");
  const ledger: Ledger = { client, moved: new Map(), movedColumns: new Map(), told: new Set() };
  const found: (readonly Loss[])[] = [];
  for (const text of texts) found.push(await ofText(ledger, text));
  return found;
}

interface Ledger {
  readonly client: PostgresClient;
  /** Where a table is now that has this name when the text runs; null: it has another name by then. */
  readonly moved: Map<string, LiveTable | null>;
  readonly movedColumns: Map<string, string | null>;
  /** What is lost already: nothing is lost twice. */
  readonly told: Set<string>;
}

interface Reading extends Ledger {
  readonly statement: StatementRemovals;
  readonly schemas: readonly string[];
}

async function ofText(ledger: Ledger, text: string): Promise<readonly Loss[]> {
  const own = await sessionSchemas(ledger.client);
  let schemas = own;
  const losses: Loss[] = [];
  for (const statement of await removalsOf(text)) {
    for (const removal of statement.removals) {
      if (removal.kind === "search-path") schemas = removal.schemas ?? own;
      else losses.push(...(await ofRemoval({ ...ledger, statement, schemas }, removal)));
    }
  }
  return losses;
}

async function ofRemoval(reading: Reading, removal: Exclude<Removal, { readonly kind: "search-path" }>): Promise<readonly Loss[]> {
  const { client } = reading;
  switch (removal.kind) {
    case "table":
      return lostTables(reading, await find(reading, removal.table));
    case "schema":
      return [...(await lostTables(reading, await tablesOfSchema(client, removal.name))), ...(await lostColumns(reading, "column", await columnsOfTypes(client, { schema: removal.name })))];
    case "extension":
      return [...(await lostTables(reading, await tablesOfExtension(client, removal.name))), ...(await lostColumns(reading, "column", await columnsOfTypes(client, { extension: removal.name })))];
    case "type":
      return lostColumns(reading, "column", await columnsOfTypes(client, { type: removal.type }));
    case "column":
      return lostColumns(reading, "column", await findColumn(reading, removal));
    case "conversion":
      return converted(reading, removal);
    case "truncation":
      return truncated(reading, removal);
    case "deletion":
      return deleted(reading, removal);
    case "rename":
      return renamed(reading, removal);
    case "column-rename":
      return renamedColumn(reading, removal);
    case "call":
      return (await isBuiltIn(client, removal.function)) ? [] : [unseen(reading)];
    default:
      return [unseen(reading)];
  }
}

function unseen({ statement: { line, text } }: Reading): Loss {
  return { kind: "unseen", object: text, line, ...uncounted };
}

async function lostTables(reading: Reading, tables: readonly LiveTable[]): Promise<readonly Loss[]> {
  return tellEach(reading, tables, async (table) => ({ kind: "table", object: table.label, ...(await countRows(reading.client, table)) }));
}

async function lostColumns(reading: Reading, kind: "column" | "values", columns: readonly LiveColumn[]): Promise<readonly Loss[]> {
  const kept = columns.filter(({ table }) => !reading.told.has(table.label));
  return tellEach(reading, kept, async (column) => ({ kind, object: column.label, ...(await countValues(reading.client, column)) }));
}

/** What is there and was not told yet. */
async function tellEach<T extends { readonly label: string }>({ told, statement }: Reading, objects: readonly T[], tell: (object: T) => Promise<Omit<Loss, "line">>): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  for (const object of objects.filter(({ label }) => !told.has(label))) {
    told.add(object.label);
    losses.push({ ...(await tell(object)), line: statement.line });
  }
  return losses;
}

async function converted(reading: Reading, { table, column, type }: Removal & { readonly kind: "conversion" }): Promise<readonly Loss[]> {
  const [found] = await findColumn(reading, { table, column });
  if (found === undefined || (type !== undefined && (await keepsValues(reading.client, found, type)))) return [];
  const losses = await lostColumns(reading, "values", [found]);
  // The column stays, so it may still be lost as a whole.
  reading.told.delete(found.label);
  return losses;
}

async function truncated(reading: Reading, { table, cascade }: Removal & { readonly kind: "truncation" }): Promise<readonly Loss[]> {
  const [found] = await find(reading, table);
  if (found === undefined) return [];
  const others = cascade ? await tablesReferringTo(reading.client, found, { deleted: false }) : [];
  return tellEach(reading, [found, ...others], async (each) => ({ kind: "rows", object: each.label, ...(await countRows(reading.client, each)) }));
}

async function deleted(reading: Reading, { table, all }: Removal & { readonly kind: "deletion" }): Promise<readonly Loss[]> {
  const { client, statement, told } = reading;
  const [found] = await find(reading, table);
  if (found === undefined || told.has(found.label)) return [];
  const count = all ? await countRows(client, found) : await countDeleted(client, statement.sql);
  const own: Loss = { kind: "rows", object: found.label, line: statement.line, ...count };
  if (!losesData(own)) return [own];
  const others = (await tablesReferringTo(client, found, { deleted: true })).filter(({ label }) => !told.has(label));
  const along: Loss[] = [];
  for (const each of others) {
    const rows = await countRows(client, each);
    // How many of them refer to what is deleted is known only where there are none at all.
    along.push({ kind: "rows", object: each.label, line: statement.line, ...(rows.exact && rows.rows === 0 ? rows : uncounted) });
  }
  return [own, ...along];
}

async function renamed(reading: Reading, { table, to }: Removal & { readonly kind: "rename" }): Promise<readonly Loss[]> {
  const [found] = await find(reading, table);
  if (found === undefined) return [];
  reading.moved.set(key(table.schema ?? found.schema, table.name), null);
  reading.moved.set(key(to.schema ?? found.schema, to.name), found);
  return [];
}

async function renamedColumn(reading: Reading, { table, column, to }: Removal & { readonly kind: "column-rename" }): Promise<readonly Loss[]> {
  const [found] = await find(reading, table);
  if (found === undefined) return [];
  const original = originalColumn(reading, found, column);
  reading.movedColumns.set(key(found.oid, column), null);
  reading.movedColumns.set(key(found.oid, to), original);
  return [];
}

function originalColumn({ movedColumns }: Reading, { oid }: LiveTable, column: string): string | null {
  const moved = movedColumns.get(key(oid, column));
  return moved === undefined ? column : moved;
}

async function findColumn(reading: Reading, { table, column }: { readonly table: WrittenName; readonly column: string }): Promise<readonly LiveColumn[]> {
  const [found] = await find(reading, table);
  const original = found && originalColumn(reading, found, column);
  const live = found && typeof original === "string" ? await columnNamed(reading.client, found, original) : undefined;
  return live === undefined ? [] : [live];
}

/**
 * The table that has this name when the text runs; none where it is not there now, so that nothing of now is lost with it. A name without a
 * schema that the search path does not find counts wherever it is: a text may set the path by means that are not seen.
 */
async function find({ client, moved, schemas }: Reading, { schema, name }: WrittenName): Promise<readonly LiveTable[]> {
  const live = await tablesNamed(client, name);
  const places = schema === undefined ? [...schemas, ...live.map((table) => table.schema)] : [schema];
  for (const place of places) {
    const after = moved.get(key(place, name));
    const found = after === undefined ? live.find((table) => table.schema === place) : after;
    if (found !== undefined && found !== null) return [found];
  }
  return [];
}

function key(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
