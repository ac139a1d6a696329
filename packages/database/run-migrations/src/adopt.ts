import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { qualifiedName, type PostgresClient } from "@org/postgres";
import { foreignTools, type ForeignRow, type ForeignTool } from "./foreign-histories.ts";
import { compareVersions } from "./layouts.ts";
import { printable } from "./printable.ts";
import type { Migration, MigrationCollection } from "./read-migrations.ts";

/** A version that another tool applied. */
export interface AdoptedVersion {
  readonly version: string;
  /** ISO 8601; null when the tool does not say. */
  readonly appliedAt: string | null;
  /** Whether the tool's own checksum is another than that of the file. */
  readonly isChanged: boolean;
}

export interface Adoption {
  readonly tool: string;
  readonly table: string;
  readonly adopted: readonly AdoptedVersion[];
}

export interface AdoptionSource {
  readonly collection: MigrationCollection;
  /** Which tool's history; the only one that is there unless told. */
  readonly from: string | undefined;
  /** The schema of its table; the only one that holds such a table unless told. */
  readonly fromSchema: string | undefined;
  /** The state tables' own schema, in which no other history is looked for. */
  readonly stateSchema: string;
}

/**
 * Reads the history that another tool kept, and changes nothing of it. Throws a ScriptError: (configuration) when none or several are
 * there, (checkFailed) when it tells of a migration that did not end well.
 */
export async function readAdoption(client: PostgresClient, source: AdoptionSource): Promise<Adoption> {
  const { collection, from, fromSchema, stateSchema } = source;
  const all = await findHistories(client, stateSchema);
  const found = all.filter(({ tool, schema }) => (from === undefined || tool.name === from) && (fromSchema === undefined || schema === fromSchema));
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) throw notOne(found, source);
  const table = qualifiedName(only.schema, only.table);
  const { rows } = await client.query<ForeignRow>(only.tool.query(table));
  const broken = rows.filter(({ broken: isBroken }) => isBroken).map(({ version }) => printable(version));
  if (broken.length > 0) {
    throw new ScriptError("checkFailed", `${only.tool.name} did not end version ${broken.join(", ")} well (${table})`, { hint: "Settle it with that tool first, then adopt its history." });
  }
  return { tool: only.tool.name, table, adopted: await adoptedVersions(only.tool, rows, collection) };
}

interface FoundHistory {
  readonly tool: ForeignTool;
  readonly schema: string;
  readonly table: string;
}

/** Supabase's services keep histories of their own there, which look like those of dbmate and postgres-migrations. */
const schemasOfServices: readonly string[] = ["auth", "storage"];

async function findHistories(client: PostgresClient, stateSchema: string): Promise<readonly FoundHistory[]> {
  const { rows } = await client.query<{ schema: string; table: string; columns: string[] }>(
    `SELECT n.nspname AS schema, c.relname AS table, array_agg(a.attname::text ORDER BY a.attname) AS columns
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname <> $2
       AND NOT (n.nspname = ANY ($3) AND EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'supabase_admin'))
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [[...new Set(foreignTools.map(({ table }) => table))], stateSchema, schemasOfServices],
  );
  return rows.flatMap(({ schema, table, columns }) => {
    const tool = foreignTools.find((one) => one.table === table && one.columns.every((column) => columns.includes(column)) && !one.without.some((column) => columns.includes(column)));
    return tool === undefined ? [] : [{ tool, schema, table }];
  });
}

async function adoptedVersions(tool: ForeignTool, rows: readonly ForeignRow[], { migrations }: MigrationCollection): Promise<readonly AdoptedVersion[]> {
  const files = new Map(migrations.map((migration) => [migration.version, migration]));
  const told = new Map(rows.filter(({ includesOlder }) => !includesOlder).map((row) => [tool.versionOf(row), row]));
  const last = rows.filter(({ includesOlder }) => includesOlder || tool.keepsNewestOnly).map(tool.versionOf).toSorted(compareVersions).at(-1);
  const older = last === undefined ? [] : [...files.keys()].filter((version) => compareVersions(version, last) <= 0);
  // A tool that keeps the newest version only may name one whose file is gone.
  const versions = [...new Set([...older, ...told.keys()])].toSorted(compareVersions);
  return Promise.all(
    versions.map(async (version) => {
      const [row, file] = [told.get(version), files.get(version)];
      const isChanged = row?.checksum != null && file !== undefined && !(await isAsApplied(tool, row.checksum, file));
      return { version, appliedAt: row?.appliedAt?.toISOString() ?? null, isChanged };
    }),
  );
}

async function isAsApplied({ matches }: ForeignTool, checksum: string, { path, file }: Migration): Promise<boolean> {
  if (matches === undefined) return true;
  const name = basename(file);
  return withEitherLineEnd(await readFile(path, "utf8")).some((text) => matches(checksum, { name, text }));
}

/** The text as it is, and as it is on systems with other line ends. */
function withEitherLineEnd(text: string): readonly string[] {
  const unix = text.replaceAll("\r\n", "\n");
  return [text, unix, unix.replaceAll("\n", "\r\n")];
}

function notOne(found: readonly FoundHistory[], { from, fromSchema }: AdoptionSource): ScriptError {
  if (found.length === 0) {
    const where = fromSchema === undefined ? "this database" : `the schema ${printable(fromSchema)}`;
    const tools = foreignTools.map(({ name }) => name).join(", ");
    return new ScriptError("configuration", `there is no history of ${from ?? "another tool"} in ${where}`, { hint: `Known are the histories of ${tools}.` });
  }
  const listed = found.map(({ tool, schema, table }) => `${tool.name} (${printable(`${schema}.${table}`)})`).join(", ");
  const flag = new Set(found.map(({ tool }) => tool)).size === 1 ? "--from-schema" : "--from";
  return new ScriptError("configuration", `this database holds several histories: ${listed}`, { hint: `Name one with ${flag}.` });
}
