import { printable } from "@org/logging";
import { tableExists, toPostgresError, withClient, type PostgresClient } from "@org/postgres";
import { MigrationError, migrationStates, readHistory, readMigrations, withMigrationLock, type HistoryEntry, type HistoryTarget, type MigrationCollection, type MigrationState } from "@org/run-migrations";
import { runChecks, type Check, type CheckResult, type Result, type RunContext } from "@org/script";
import { losesData } from "./losses/losses.ts";
import { planRollback, unfinished } from "./plan.ts";
import { applyLost } from "./repeatables/apply-lost.ts";
import { readMade, type MadeByFile } from "./repeatables/made-objects.ts";
import { rollBack } from "./roll-back.ts";
import { requireSelection, selectApplied } from "./selection.ts";
import type { RollbackSettings } from "./settings.ts";
import { rollbackChecks, toStatus } from "./status.ts";
import type { PlannedRollback, RepeatedFile, RollbackStatus, RolledBackMigration, RoundTrip } from "./rollback-status.ts";

type Context = RunContext<RollbackSettings>;

/** What a run found and did. */
export interface RollbackOutcome {
  readonly states: readonly MigrationState[];
  /** null where nothing is to be rolled back, because it only verifies. */
  readonly plan: readonly PlannedRollback[] | null;
  readonly rolledBackNow: readonly RolledBackMigration[];
  readonly repeatedNow: readonly RepeatedFile[];
  /** null unless it verifies. */
  readonly roundTrips: readonly RoundTrip[] | null;
  readonly error: MigrationError | undefined;
}

/**
 * Rolls back what is selected, only plans (dry run) or verifies. Throws a ScriptError when the selection or the files cannot be used, the server
 * cannot be reached or the history table is missing; what stands in the way of a rollback is a failed check.
 */
export async function rollback(context: Context): Promise<Result<RollbackStatus>> {
  const { settings, logger } = context;
  requireSelection(settings, { optional: settings.verify });
  const collection = await readMigrations(settings.directory, { layout: settings.layout, logger });
  const run: Run = { context, collection, history: historyTarget(context) };
  const outcome = await act(run);
  const status = toStatus({ ...outcome, collection, context });
  return { data: status, checks: [...rollbackChecks(status, outcome, settings), ...(await customChecks(context))] };
}

interface Run {
  readonly context: Context;
  readonly collection: MigrationCollection;
  readonly history: HistoryTarget;
}

function historyTarget({ settings, runId, actor, host, scriptVersion }: Context): HistoryTarget {
  return { schema: settings.stateSchema, runId, actor, host, scriptVersion };
}

async function act(run: Run): Promise<RollbackOutcome> {
  const { settings, dryRun } = run.context;
  if (settings.verify) return session(run.context, { readOnly: true }, (client) => verify(run, client));
  return dryRun ? session(run.context, { readOnly: true }, (client) => planOnly(run, client)) : underLock(run);
}

/** A table that takes longer to count than this is estimated. */
const countTimeoutMs = 2_000;

async function session<T>({ settings, signal, logger }: Context, { readOnly }: { readonly readOnly: boolean }, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const url = settings.databaseUrl.reveal();
  const onNotice = ({ severity, message }: { readonly severity: string; readonly message: string }): void => {
    logger.debug(`${severity}: ${printable(message)}`);
  };
  const statementTimeoutMs = readOnly ? countTimeoutMs : undefined;
  return withClient({ url, applicationName: "rollback-migrations", readOnly, statementTimeoutMs, signal, onNotice }, work).catch((error: unknown) => {
    throw toPostgresError(error, { url, doing: readOnly ? "plan the rollback" : "roll back the migrations" });
  });
}

interface Look {
  readonly states: readonly MigrationState[];
  readonly entries: readonly HistoryEntry[];
}

async function look({ collection, history }: Run, client: PostgresClient): Promise<Look> {
  const entries = await readHistory(client, history);
  return { entries, states: migrationStates(collection, entries) };
}

const nothingDone = { rolledBackNow: [], repeatedNow: [], roundTrips: null, error: undefined } as const;

interface Planned extends RollbackOutcome, Look {
  readonly made: readonly MadeByFile[];
}

/** The client is in a read-only session. */
async function planOnly(run: Run, client: PostgresClient): Promise<Planned> {
  const { collection, context: { settings }, history } = run;
  const { states, entries } = await look(run, client);
  const made = await readMade(client, collection.repeatables, history);
  const plan = await planRollback(client, { collection, states, history: entries, selection: settings, forceRecord: settings.forceRecord, made });
  return { ...nothingDone, states, entries, made, plan };
}

async function underLock(run: Run): Promise<RollbackOutcome> {
  const { context, history } = run;
  const { signal, settings } = context;
  return session(context, { readOnly: false }, (client) =>
    session(context, { readOnly: false }, (lockClient) =>
      withMigrationLock({ client, lockClient, history, waitMs: settings.lockWait, signal }, async () => {
        const planned = await session(context, { readOnly: true }, (reader) => planOnly(run, reader));
        return mayGoOn(planned, settings) ? execute(run, client, planned) : planned;
      }),
    ),
  );
}

/** Everything that stands in the way is told by the checks; with any of it nothing runs at all. */
function mayGoOn({ plan, states }: RollbackOutcome, { allowDataLoss }: RollbackSettings): boolean {
  const planned = plan ?? [];
  const loses = planned.some(({ losses }) => losses.some(losesData));
  return unfinished(states, planned).length === 0 && planned.every(({ way }) => way !== "refuse") && (allowDataLoss || !loses);
}

async function execute(run: Run, client: PostgresClient, { plan, entries, made }: Planned): Promise<RollbackOutcome> {
  const { context, collection, history } = run;
  const { logger, signal, settings, progress } = context;
  const planned = plan ?? [];
  const rolledBackNow: RolledBackMigration[] = [];
  const onRolledBack = (migration: RolledBackMigration): void => {
    rolledBackNow.push(migration);
    progress.update("Rolling back migrations", { done: rolledBackNow.length, total: planned.length });
  };
  const locks = { lockTimeoutMs: settings.lockTimeout, retries: settings.lockRetries };
  const session = { client, history, locks, logger, signal };
  const error = await rollBack({ ...session, collection, entries, made, onRolledBack }, planned).then(() => undefined, (thrown: unknown) => {
    if (!(thrown instanceof MigrationError) || thrown.code === "connection") throw thrown;
    logger.error(thrown.message);
    return thrown;
  });
  const repeatedNow = await applyLost({ ...session, repeatables: collection.repeatables });
  if (rolledBackNow.length + repeatedNow.length > 0) await (await import("@org/script/history")).keepSnapshot({ client }, context, settings.stateSchema);
  const { states } = await look(run, client);
  return { states, plan, rolledBackNow, repeatedNow, roundTrips: null, error };
}

/** Among the files, as if all were applied: what is to be proved need not be applied anywhere. */
async function verify(run: Run, client: PostgresClient): Promise<RollbackOutcome> {
  const { context, collection } = run;
  const { settings } = context;
  const hasHistory = settings.lastRun || (await tableExists(client, settings.stateSchema, "migration_history"));
  const { states, entries } = hasHistory ? await look(run, client) : { states: migrationStates(collection, []), entries: [] };
  const everything = migrationStates(collection, []).map((state) => ({ ...state, state: "applied" as const }));
  const selects = settings.steps !== undefined || settings.to !== undefined || settings.lastRun;
  const selected = selects ? selectApplied({ states: everything, history: entries }, settings) : everything;
  const roundTrips = context.dryRun ? [] : await prove(run, client, new Set(selected.map(({ version }) => version)));
  return { ...nothingDone, states, plan: null, roundTrips };
}

async function prove({ context, collection }: Run, client: PostgresClient, versions: ReadonlySet<string>): Promise<readonly RoundTrip[]> {
  const { settings, config, root, signal, logger } = context;
  const { readReplayGround } = await import("@org/run-migrations/replay");
  const { verifyRoundTrips } = await import("./verify.ts");
  const ground = await readReplayGround(client, { config, root, stateSchema: settings.stateSchema });
  const url = (settings.shadowUrl ?? settings.databaseUrl).reveal();
  const scope = { stateSchema: settings.stateSchema, include: config.schema?.include };
  return verifyRoundTrips({ url, collection, versions, ground, scope, signal, logger });
}

async function customChecks(context: Context): Promise<CheckResult[]> {
  const checks = context.checks as readonly Check<{ readonly client: PostgresClient }>[];
  if (checks.length === 0) return [];
  return runChecks({ checks, open: (use) => session(context, { readOnly: true }, (client) => use({ client })), context });
}
