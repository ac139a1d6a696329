import { isScriptError } from "@org/exit-codes";
import { toPostgresError, withClientAndOthers, type PostgresClient } from "@org/postgres";
import type { Difference } from "@org/postgres/schema";
import { runChecks, type Check, type Result, type RunContext } from "@org/script";
import { catalogSession } from "./catalog-session.ts";
import { consistencyChecks } from "./consistency/checks.ts";
import { migrationChecks } from "./consistency/migrations.ts";
import { driftChecks, type DriftOutcome } from "./drift-checks.ts";
import { findDrift, type ToldDifference } from "./drift.ts";
import { appliedOnly, readFiles, type Files } from "./files.ts";
import { renderScript } from "./repair/script.ts";
import type { ValidateSettings } from "./settings.ts";
import { chooseSource, type SourceKind } from "./sources/source.ts";
import { takeSnapshot, type WrittenSnapshot } from "./take-snapshot.ts";

/** What validate-schema-consistency reports beside its checks. */
export interface SchemaConsistency {
  /** What the database was compared with. */
  readonly comparedWith: SourceKind;
  /** Object by object; null when nothing could be compared. */
  readonly differences: readonly ToldDifference[] | null;
  /** Differences that `schema.ignore` accepts, with the reason given there. */
  readonly ignored: readonly { readonly difference: Difference; readonly reason: string }[];
  /** How many objects were compared, by kind. */
  readonly compared: Readonly<Record<string, number>>;
  /** How many migrations were replayed. */
  readonly replayed: number;
  /** Roles of what was compared with that stand for roles of the live database. */
  readonly roles: Readonly<Record<string, string>>;
  /** The script that `--sql` asks for. */
  readonly repair: string | null;
  /** What the action snapshot wrote. */
  readonly snapshot: WrittenSnapshot | null;
}

type Context = RunContext<ValidateSettings>;

/**
 * Compares the live schema with what the settings name and checks its inner consistency, or stores a snapshot of it. Changes nothing in it. Throws a
 * ScriptError when the database cannot be read, has no history to compare with, or a named source cannot be used.
 */
export async function validate(context: Context): Promise<Result<SchemaConsistency>> {
  if (context.action === "snapshot") {
    const { checks, data: snapshot } = await takeSnapshot(context);
    return { checks, data: { ...nothingCompared, snapshot } };
  }
  const source = chooseSource(context.settings);
  if (context.dryRun) return assemble(context, undefined, { source, files: "dry run", outcome: { skipped: "dry run" } });
  return withClientAndOthers({ ...catalogSession, url: context.settings.databaseUrl.reveal(), signal: context.signal }, async (client, signal) => {
    const within = { ...context, signal };
    const files = await readFiles(client, within, source);
    const outcome = await compare({ client, context: within, files, source });
    return assemble(within, client, { source, files, outcome });
  });
}

const nothingCompared = { comparedWith: "migrations", differences: null, ignored: [], compared: {}, replayed: 0, roles: {}, repair: null } as const;

interface Comparing {
  readonly client: PostgresClient;
  readonly context: Context;
  readonly files: Files | string;
  readonly source: SourceKind;
}

async function compare({ client, context, files, source }: Comparing): Promise<DriftOutcome> {
  if (source === "migrations" && typeof files === "string") return { skipped: files };
  const collection = typeof files === "string" || source !== "migrations" ? undefined : await appliedOnly(client, files, context.settings.stateSchema);
  try {
    return { drift: await findDrift({ client, source, context, collection }) };
  } catch (error) {
    context.signal.throwIfAborted();
    const told = toPostgresError(error, { url: context.settings.databaseUrl.reveal(), doing: "compare the schemas" });
    // A file or a flag that cannot be used is one error of the caller, not seventeen unanswered questions.
    if (isScriptError(told) && told.code === "configuration") throw told;
    return { error: told };
  }
}

interface Found {
  readonly source: SourceKind;
  readonly files: Files | string;
  readonly outcome: DriftOutcome;
}

async function assemble(context: Context, client: PostgresClient | undefined, { source, files, outcome }: Found): Promise<Result<SchemaConsistency>> {
  const { config, settings } = context;
  const scope = { stateSchema: settings.stateSchema, include: config.schema?.include, limits: config.thresholds };
  const custom = context.checks as readonly Check<{ client: PostgresClient }>[];
  const results = await runChecks<{ client: PostgresClient }>({
    checks: [...driftChecks(outcome, { source, failOn: settings.failOn }), ...migrationChecks(files), ...consistencyChecks(scope), ...custom],
    open: (use) => use({ client: client! }),
    context,
  });
  const drift = "drift" in outcome ? outcome.drift : undefined;
  const data = {
    comparedWith: source,
    differences: drift?.differences ?? null,
    ignored: drift?.ignored ?? [],
    compared: drift?.compared ?? {},
    replayed: typeof files === "string" || source !== "migrations" ? 0 : files.collection.migrations.length,
    roles: drift?.roles ?? {},
    repair: settings.sql ? renderScript(drift?.repair, { withDataLoss: settings.withDataLoss }) : null,
    snapshot: null,
  };
  return { checks: results, data };
}
