import { existsSync } from "node:fs";
import { ScriptError } from "@org/exit-codes";
import { tableExists, toPostgresError, withClient, type PostgresClient } from "@org/postgres";
import type { MigrationCollection, MigrationState, RepeatableState } from "@org/run-migrations";
import { runChecks, type Check, type Result, type RunContext } from "@org/script";
import { consistencyChecks } from "./consistency/checks.ts";
import { migrationChecks } from "./consistency/migrations.ts";
import { driftChecks, type DriftOutcome } from "./drift-checks.ts";
import { findDrift } from "./drift.ts";
import type { Difference } from "@org/postgres/schema";
import type { ValidateSettings } from "./settings.ts";

/** What validate-schema-consistency reports beside its checks. */
export interface SchemaConsistency {
  /** Object by object; null when nothing could be compared. */
  readonly differences: readonly Difference[] | null;
  /** Differences that `schema.ignore` accepts, with the reason given there. */
  readonly ignored: readonly { readonly difference: Difference; readonly reason: string }[];
  /** How many objects were compared, by kind. */
  readonly compared: Readonly<Record<string, number>>;
  /** How many migrations were replayed. */
  readonly replayed: number;
  /** Roles of the replay that stand for roles of the live database, which someone else migrated. */
  readonly roles: Readonly<Record<string, string>>;
}

type Context = RunContext<ValidateSettings>;

/** Compares the live schema with what the migrations make and checks its inner consistency. Changes nothing in it. */
export async function validate(context: Context): Promise<Result<SchemaConsistency>> {
  if (context.dryRun) return assemble(context, undefined, { files: undefined, outcome: { skipped: "dry run" } });
  const { settings, signal } = context;
  const session = { url: settings.databaseUrl.reveal(), applicationName: "validate-schema-consistency", readOnly: true, signal };
  return withClient(session, async (client) => {
    await requireHistory(client, settings.stateSchema);
    const files = await readFiles(context);
    const outcome = await compare({ client, context, files });
    return assemble(context, client, { files, outcome });
  });
}

async function requireHistory(client: PostgresClient, schema: string): Promise<void> {
  if (await tableExists(client, schema, "migration_history")) return;
  throw new ScriptError("dependency", `the table ${schema}.migration_history does not exist, so nobody knows which migrations this database has`, {
    hint: "Run npx @org/init-database, then npx @org/run-migrations.",
  });
}

/** The files and what the history says of each. */
export interface Files {
  readonly collection: MigrationCollection;
  readonly states: readonly MigrationState[];
  readonly repeatables: readonly RepeatableState[];
}

/** undefined: there is no folder of migrations, and the config names none. */
async function readFiles({ settings, sources, logger, signal }: Context): Promise<Files | undefined> {
  const { databaseUrl, directory, layout, stateSchema } = settings;
  if (sources["directory"]?.kind === "default" && !existsSync(directory)) return undefined;
  const { readMigrations, runMigrations } = await import("@org/run-migrations");
  const collection = await readMigrations(directory, { layout, logger });
  const { data } = await runMigrations({ databaseUrl, directory, layout, stateSchema }, { action: "status", signal });
  return { collection, states: data?.migrations ?? [], repeatables: data?.repeatables ?? [] };
}

interface Comparing {
  readonly client: PostgresClient;
  readonly context: Context;
  readonly files: Files | undefined;
}

async function compare({ client, context, files }: Comparing): Promise<DriftOutcome> {
  if (files === undefined) {
    return { skipped: `there is no folder ${context.settings.directory}, and migrations.directory names no other: nothing says how the schema should be` };
  }
  const collection = await appliedOnly({ client, context, files });
  try {
    return { drift: await findDrift({ client, context, collection }) };
  } catch (error) {
    context.signal.throwIfAborted();
    return { error: toPostgresError(error, { url: context.settings.databaseUrl.reveal(), doing: "compare the schemas" }) };
  }
}

/**
 * What the live database should have: the files that are applied to it, or all of them where the history is empty but the database is not, because it
 * was migrated by other means. Throws a ScriptError (dependency) where nothing was ever migrated.
 */
async function appliedOnly({ client, context, files: { collection, states, repeatables } }: Comparing & { readonly files: Files }): Promise<MigrationCollection> {
  const applied = new Set([...states.filter(({ state }) => state === "applied" || state === "changed"), ...repeatables.filter(({ appliedAt }) => appliedAt !== null)].map(({ version }) => version));
  if (states.some(({ state }) => state !== "pending" && state !== "failed")) {
    const ofApplied = ({ version }: { readonly version: string }): boolean => applied.has(version);
    return { ...collection, migrations: collection.migrations.filter(ofApplied), repeatables: collection.repeatables.filter(ofApplied) };
  }
  if (await hasRelations(client, context.settings.stateSchema)) return collection;
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

interface Found {
  readonly files: Files | undefined;
  readonly outcome: DriftOutcome;
}

async function assemble(context: Context, client: PostgresClient | undefined, { files, outcome }: Found): Promise<Result<SchemaConsistency>> {
  const { config, settings } = context;
  const scope = { stateSchema: settings.stateSchema, include: config.schema?.include, sequenceLimit: config.thresholds?.["consistency.sequences"] };
  const custom = context.checks as readonly Check<{ client: PostgresClient }>[];
  const results = await runChecks<{ client: PostgresClient }>({
    checks: [...driftChecks(outcome, settings.failOn), ...migrationChecks(files), ...consistencyChecks(scope), ...custom],
    open: (use) => use({ client: client! }),
    context,
  });
  const drift = "drift" in outcome ? outcome.drift : undefined;
  const data = {
    differences: drift?.differences ?? null,
    ignored: drift?.ignored ?? [],
    compared: drift?.compared ?? {},
    replayed: files?.collection.migrations.length ?? 0,
    roles: drift?.roles ?? {},
  };
  return { checks: results, data };
}
