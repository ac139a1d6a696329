import { createHash } from "node:crypto";
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
  /** The state tables' own schema, in which no other history is looked for. */
  readonly stateSchema: string;
}

/**
 * Reads the history that another tool kept, and changes nothing of it. Throws a ScriptError: (configuration) when none or several are
 * there, (checkFailed) when it tells of a migration that did not end well.
 */
export async function readAdoption(client: PostgresClient, { collection, from, stateSchema }: AdoptionSource): Promise<Adoption> {
  const found = (await findHistories(client, stateSchema)).filter(({ tool }) => from === undefined || tool.name === from);
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) throw notOne(found, from);
  const table = qualifiedName(only.schema, only.table);
  const { rows } = await client.query<ForeignRow>(`${only.tool.query} FROM ${table} WHERE ${only.tool.where} ORDER BY 1`);
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

async function findHistories(client: PostgresClient, stateSchema: string): Promise<readonly FoundHistory[]> {
  const { rows } = await client.query<{ schema: string; table: string; columns: string[] }>(
    `SELECT n.nspname AS schema, c.relname AS table, array_agg(a.attname::text ORDER BY a.attname) AS columns
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname <> $2
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [[...new Set(foreignTools.map(({ table }) => table))], stateSchema],
  );
  return rows.flatMap(({ schema, table, columns }) => {
    const tool = foreignTools.find((one) => one.table === table && one.columns.every((column) => columns.includes(column)) && !one.without.some((column) => columns.includes(column)));
    return tool === undefined ? [] : [{ tool, schema, table }];
  });
}

async function adoptedVersions(tool: ForeignTool, rows: readonly ForeignRow[], { migrations }: MigrationCollection): Promise<readonly AdoptedVersion[]> {
  const last = tool.keepsNewestOnly ? rows.at(-1) : rows.findLast(({ includesOlder }) => includesOlder);
  const older = last === undefined ? [] : migrations.filter(({ version }) => compareVersions(version, tool.versionOf(last)) <= 0).map(({ version }) => version);
  const told = new Map(rows.map((row) => [tool.versionOf(row), row]));
  // A tool that keeps the newest version only may name one whose file is gone.
  const versions = [...new Set([...older, ...told.keys()])].toSorted(compareVersions);
  return Promise.all(
    versions.map(async (version) => {
      const row = told.get(version);
      const migration = migrations.find((one) => one.version === version);
      const isChanged = row?.checksum != null && migration !== undefined && !(await matches(tool, row.checksum, migration));
      return { version, appliedAt: row?.appliedAt?.toISOString() ?? null, isChanged };
    }),
  );
}

async function matches({ digest }: ForeignTool, recorded: string, { path, file }: Migration): Promise<boolean> {
  if (digest === undefined) return true;
  const content = await readFile(path);
  const hash = createHash(digest.algorithm);
  if (digest.withName) hash.update(basename(file));
  return hash.update(content).digest("hex") === recorded;
}

function notOne(found: readonly FoundHistory[], from: string | undefined): ScriptError {
  const tools = foreignTools.map(({ name }) => name).join(", ");
  if (found.length === 0) {
    return new ScriptError("configuration", `there is no history of ${from ?? "another tool"} in this database`, { hint: `Known are the histories of ${tools}.` });
  }
  const listed = found.map(({ tool, schema, table }) => `${tool.name} (${printable(`${schema}.${table}`)})`).join(", ");
  return new ScriptError("configuration", `this database holds several histories: ${listed}`, { hint: "Name one with --from; drop tables that are not in use any more." });
}
