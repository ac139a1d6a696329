import { existsSync } from "node:fs";
import { ScriptError } from "@org/exit-codes";
import { tableExists, type PostgresClient } from "@org/postgres";
import type { MigrationCollection, MigrationState, RepeatableState } from "@org/run-migrations";
import type { RunContext } from "@org/script";
import type { ValidateSettings } from "./settings.ts";
import type { SourceKind } from "./sources/source.ts";

/** The files and what the history says of each. */
export interface Files {
  readonly collection: MigrationCollection;
  readonly states: readonly MigrationState[];
  readonly repeatables: readonly RepeatableState[];
}

/** The files, or why there are none to ask. Only a comparison with the migrations needs their history: it throws a ScriptError (dependency) without. */
export async function readFiles(client: PostgresClient, { settings, sources, logger, signal }: RunContext<ValidateSettings>, source: SourceKind): Promise<Files | string> {
  const { databaseUrl, directory, layout, stateSchema } = settings;
  if (!(await tableExists(client, stateSchema, "migration_history"))) {
    if (source !== "migrations") return `the table ${stateSchema}.migration_history does not exist: there is no history to compare files with`;
    throw new ScriptError("dependency", `the table ${stateSchema}.migration_history does not exist, so nobody knows which migrations this database has`, {
      hint: "Run npx @org/init-database, then npx @org/run-migrations.",
    });
  }
  if (sources["directory"]?.kind === "default" && !existsSync(directory)) {
    return `there is no folder ${directory}, and migrations.directory names no other: nothing says how the schema should be`;
  }
  const { readMigrations, runMigrations } = await import("@org/run-migrations");
  const collection = await readMigrations(directory, { layout, logger });
  const { data } = await runMigrations({ databaseUrl, directory, layout, stateSchema }, { action: "status", signal });
  return { collection, states: data?.migrations ?? [], repeatables: data?.repeatables ?? [] };
}

/**
 * What the live database should have: the files that are applied to it, or all of them where the history is empty but the database is not, because it
 * was migrated by other means. Throws a ScriptError (dependency) where nothing was ever migrated.
 */
export async function appliedOnly(client: PostgresClient, { collection, states, repeatables }: Files, stateSchema: string): Promise<MigrationCollection> {
  const applied = new Set([...states.filter(({ state }) => state === "applied" || state === "changed"), ...repeatables.filter(({ appliedAt }) => appliedAt !== null)].map(({ version }) => version));
  if (states.some(({ state }) => state !== "pending" && state !== "failed")) {
    const ofApplied = ({ version }: { readonly version: string }): boolean => applied.has(version);
    return { ...collection, migrations: collection.migrations.filter(ofApplied), repeatables: collection.repeatables.filter(ofApplied) };
  }
  if (await hasRelations(client, stateSchema)) return collection;
  throw new ScriptError("dependency", "no migration has been applied to this database", { hint: "Run npx @org/run-migrations." });
}

async function hasRelations(client: PostgresClient, stateSchema: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', $1) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
     LIMIT 1`,
    [stateSchema],
  );
  return rows.length > 0;
}
