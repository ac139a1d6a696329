import { ScriptError } from "@org/exit-codes";
import type { Secret } from "@org/env";
import { keepSession, toPostgresError, type OpenSession, type PostgresClient } from "@org/postgres";
import { expectRecord, expectSnapshot } from "@org/script/history";
import { runChecks, type Check, type CheckResult, type Result, type RunContext } from "@org/script";
import type { AppliedMigration } from "./apply-file.ts";
import { applyMigrations } from "./apply-migrations.ts";
import { planAdoption, planBaseline, planRepair, recordChanges, type RecordedChange } from "./bookkeeping.ts";
import { planAhead } from "./file-to-run.ts";
import { HookError, type HookRun, type MigrationHook } from "./hooks/hook.ts";
import type { HookTarget } from "./hooks/run-hooks.ts";
import { readHistory, readWholeHistory, type HistoryEntry, type HistoryTarget, type WholeHistory } from "./history.ts";
import type { MigrationLayout } from "./layouts.ts";
import type { FailOn } from "./lint-check.ts";
import type { PlannedFile } from "./lint/lint-files.ts";
import { MigrationError } from "./migration-error.ts";
import { withMigrationLock } from "./migration-lock.ts";
import { conflicts, migrationStates, type MigrationState } from "./migration-state.ts";
import { printable } from "./printable.ts";
import type { RehearsalOutcome } from "./rehearse/rehearsal-check.ts";
import { rehearsePending } from "./rehearse/rehearse-pending.ts";
import { dueFiles } from "./select-pending.ts";
import { keepSnapshotBeside, type SecondSession } from "./keep-snapshot-beside.ts";
import { readMigrations, type Migration, type MigrationCollection } from "./read-migrations.ts";
import { repeatableStates, type RepeatableState } from "./repeatables.ts";
import { statusChecks, toStatus, type MigrationStatus } from "./status.ts";

export interface MigrateSettings {
  readonly databaseUrl: Secret;
  readonly stateSchema: string;
  readonly directory: string;
  readonly layout: MigrationLayout | undefined;
  readonly strictSequence: boolean;
  /** Milliseconds. */
  readonly lockWait: number;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly lockRetries: number;
  readonly to: string | undefined;
  readonly singleTransaction: boolean;
  readonly allowOutOfOrder: boolean;
  readonly accept: readonly string[];
  readonly markApplied: readonly string[];
  readonly markReverted: readonly string[];
  readonly from: string | undefined;
  readonly fromSchema: string | undefined;
  readonly failOn: FailOn;
  readonly rehearse: boolean;
}

type Context = RunContext<MigrateSettings>;

/**
 * Applies what is pending, or only looks (action `status`, dry run). Throws a ScriptError when the files cannot be used, the server cannot
 * be reached or the history table is missing; a migration that the server refuses is a failed check.
 */
export async function migrate(context: Context): Promise<Result<MigrationStatus>> {
  const { action, dryRun, settings: { rehearse } } = context;
  if (rehearse && action !== "apply" && action !== "plan") throw nothingToRehearse(action);
  const looksOnly = action === "status" || action === "plan" || dryRun;
  const reading = readRun(context);
  const [read, worked] = await Promise.allSettled([reading, openSession(context, looksOnly, (client) => act(context, reading, client))]);
  // Files that cannot be used are told whatever the server said meanwhile.
  const { collection, commands } = valueOf(read);
  await Promise.allSettled(commands);
  const { value: outcome, session } = valueOf(worked);
  const handsOn = !looksOnly && outcome.error === undefined;
  const { ended = Promise.resolve() } = outcome;
  const close = (): Promise<void> => ended.then(() => session.close());
  if (!handsOn) await close();
  try {
    const result = await toResult(outcome, collection, context);
    return handsOn ? { ...result, session: { ...session, close, leave: () => ended.then(() => session.leave()) } } : result;
  } catch (error) {
    await close();
    throw error;
  }
}

async function toResult(outcome: MigrateOutcome, collection: MigrationCollection, context: Context): Promise<Result<MigrationStatus>> {
  const { root, settings: { failOn } } = context;
  const status = toStatus({ ...outcome, collection, context });
  return { data: status, checks: [...statusChecks(status, outcome, { failOn, root }), ...(await customChecks(context, outcome.ended))] };
}

async function readRun(context: Context): Promise<Run> {
  const { config: { migrations: { seeds, hooks } = {} }, root, settings: { directory, layout, strictSequence }, logger } = context;
  return {
    context,
    collection: await readMigrations(directory, { layout, strictSequence, logger }),
    seeds: seeds === undefined ? [] : await (await import("./read-seeds.ts")).readSeeds(seeds, root),
    hooks: hooks === undefined ? [] : (await import("./hooks/read-hooks.ts")).readHooks(hooks, root),
    commands: [],
    history: historyTarget(context),
  };
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}

interface Run {
  readonly context: Context;
  readonly collection: MigrationCollection;
  readonly seeds: readonly Migration[];
  readonly hooks: readonly MigrationHook[];
  /** The commands of hooks that were started. */
  readonly commands: Promise<unknown>[];
  readonly history: HistoryTarget;
}

/** What a run found and did. */
export interface MigrateOutcome {
  readonly states: readonly MigrationState[];
  readonly repeatables: readonly RepeatableState[];
  /** The hooks that ran; in a plan or a dry run, those that would. */
  readonly hooks: readonly HookRun[];
  readonly appliedNow: readonly AppliedMigration[];
  /** What was recorded without being executed; in a dry run, what would be. */
  readonly recordedNow: readonly RecordedChange[];
  /** What the pending files would do; null where nobody asked. */
  readonly plan: readonly PlannedFile[] | null;
  /** What they did in a scratch copy; null where nobody asked. */
  readonly rehearsal: RehearsalOutcome | null;
  readonly error: MigrationError | HookError | undefined;
  /** Settles when nothing of the run goes on any more, also in another session; it never rejects. Undefined where nothing does. */
  readonly ended?: Promise<void> | undefined;
}

function historyTarget({ settings, runId, actor, host, scriptVersion }: Context): HistoryTarget {
  return { schema: settings.stateSchema, runId, actor, host, scriptVersion };
}

async function session<T>(context: Context, readOnly: boolean, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const { value, session: open } = await openSession(context, readOnly, work);
  await open.close();
  return value;
}

interface Worked<T> {
  readonly value: T;
  readonly session: OpenSession;
}

async function openSession<T>({ settings, signal, logger }: Context, readOnly: boolean, work: (client: PostgresClient) => Promise<T>): Promise<Worked<T>> {
  const url = settings.databaseUrl.reveal();
  const onNotice = ({ severity, message }: { readonly severity: string; readonly message: string }): void => {
    logger.debug(`${severity}: ${printable(message)}`);
  };
  return keepSession({ url, applicationName: "run-migrations", readOnly, pipeline: !readOnly, signal, onNotice }, work).catch((error: unknown) => {
    throw toPostgresError(error, { url, doing: readOnly ? "read the migration history" : "apply the migrations" });
  });
}

function look({ collection, seeds }: Run, { migrations, repeatables }: WholeHistory): MigrateOutcome {
  return { ...nothingDone, states: migrationStates(collection, migrations), repeatables: repeatableStates([...collection.repeatables, ...seeds], repeatables) };
}

const nothingDone = { hooks: [], appliedNow: [], recordedNow: [], plan: null, rehearsal: null, error: undefined } as const;

async function act(context: Context, reading: Promise<Run>, client: PostgresClient): Promise<MigrateOutcome> {
  const { action, dryRun } = context;
  if (action === "repair" || action === "baseline" || action === "adopt") return keepBooks(await reading, client);
  // The server answers while the files are still being read.
  const answering = readWholeHistory(client, historyTarget(context));
  if (action === "apply" && !dryRun && context.keepsHistory) void expectRecord(client, context.settings.stateSchema);
  const [run, history] = await Promise.all([reading, answering]);
  const before = look(run, history);
  if (action === "status") return before;
  return action === "plan" || dryRun ? planOnly(run, client, before) : apply(run, client, before);
}

function nothingToRehearse(action: string): ScriptError {
  return new ScriptError("configuration", `--rehearse does not go with ${action}, which applies nothing`, { hint: "Use it with plan, with --dry-run or by itself." });
}

async function planOnly(run: Run, client: PostgresClient, outcome: MigrateOutcome): Promise<MigrateOutcome> {
  const { config, settings } = run.context;
  if (conflicts(outcome.states).length > 0) return outcome;
  const wanted = new Set(dueFiles(outcome, settings));
  const { planFiles } = await import("./lint/lint-files.ts");
  const files = everyFile(run).filter(({ version }) => wanted.has(version));
  const hooks = files.length === 0 ? [] : run.hooks.map(({ moment, title }) => ({ moment, hook: title, version: null, state: "planned", durationMs: null }) as const);
  const plan = await planFiles(files, { levels: config.migrations?.lint?.rules ?? {}, hasLockTimeout: settings.lockTimeout > 0 });
  return { ...outcome, hooks, plan, rehearsal: await rehearsePending({ ...run, ...outcome, live: client }) };
}

function everyFile({ collection, seeds }: Run): readonly Migration[] {
  return [...collection.migrations, ...collection.repeatables, ...seeds];
}

async function keepBooks(run: Run, client: PostgresClient): Promise<MigrateOutcome> {
  const { context, history } = run;
  if (context.dryRun) {
    const recordedNow = await plannedChanges(run, client);
    const entries = await readHistory(client, history);
    return { ...nothingDone, states: migrationStates(run.collection, [...entries, ...recordedNow.map(asEntry)]), repeatables: [], recordedNow };
  }
  const recordedNow = await session(context, false, (lockClient) =>
    withMigrationLock({ client, lockClient, history, waitMs: context.settings.lockWait, signal: context.signal }, async () => {
      const changes = await plannedChanges(run, client);
      await recordChanges(client, history, changes);
      return changes;
    }),
  );
  for (const { version, name, change } of recordedNow) context.logger.info(`Recorded version ${version} (${printable(name)}) as ${change}.`);
  return { ...look(run, await readWholeHistory(client, history)), recordedNow };
}

function asEntry({ version, name, change, checksum }: RecordedChange): HistoryEntry {
  const direction = change === "reverted" ? "down" : "up";
  return { version, name, checksum, direction, status: "baseline", finishedAt: null, durationMs: null, runId: null, actor: "", error: null, progress: null };
}

async function plannedChanges({ context, collection, history }: Run, client: PostgresClient): Promise<readonly RecordedChange[]> {
  const { action, settings, logger } = context;
  const states = migrationStates(collection, await readHistory(client, history));
  const request = { ...settings, collection, states };
  if (action === "repair") return planRepair(request);
  if (action === "baseline") return planBaseline(request, settings.to);
  const { readAdoption } = await import("./adopt.ts");
  const adoption = await readAdoption(client, request);
  logger.info(`Read ${adoption.adopted.length} versions from the history of ${adoption.tool} (${printable(adoption.table)}), which stays as it is.`);
  return planAdoption({ ...request, ...adoption });
}

async function apply(run: Run, client: PostgresClient, before: MigrateOutcome): Promise<MigrateOutcome> {
  if (conflicts(before.states).length > 0) return before;
  const rehearsal = await rehearsePending({ ...run, ...before, live: client });
  if (rehearsal !== null && ("error" in rehearsal || rehearsal.failure !== null)) return { ...before, rehearsal };
  const due = new Set(dueFiles(before, run.context.settings));
  if (due.size === 0) return { ...before, rehearsal };
  const advance: Advance = { appliedNow: [], hookRuns: [], due };
  const { error, beside } = await applyPending(run, client, advance);
  const { appliedNow, hookRuns: hooks } = advance;
  const reading = { client, beside, changed: appliedNow.length > 0, answering: readWholeHistory(client, run.history) };
  const { answer: history, ended } = await keepSnapshotBeside(run.context, reading);
  return { ...look(run, history), appliedNow, hooks, rehearsal, error, ended };
}

interface Advance {
  /** Grows with each file. */
  readonly appliedNow: AppliedMigration[];
  /** Grows with each hook. */
  readonly hookRuns: HookRun[];
  /** The versions to apply. */
  readonly due: ReadonlySet<string>;
}

interface Applied extends Pick<MigrateOutcome, "error"> {
  /** The session that held the lock, still open. */
  readonly beside?: SecondSession;
}

async function applyPending(run: Run, client: PostgresClient, { appliedNow, hookRuns, due }: Advance): Promise<Applied> {
  const { context, collection, seeds, history } = run;
  const { logger, signal, settings, progress } = context;
  const onApplied = (migration: AppliedMigration): void => {
    appliedNow.push(migration);
    logger.info(`Applied ${printable(migration.file)} in ${migration.durationMs} ms.`);
    progress.update("Applying migrations", { done: appliedNow.length, total: due.size });
  };
  const locks = { lockTimeoutMs: settings.lockTimeout, retries: settings.lockRetries };
  const { lockWait: lockWaitMs, singleTransaction, stateSchema } = settings;
  const hooks = run.hooks.length === 0 ? undefined : hookTarget(run, (hook) => void hookRuns.push(hook));
  let planned: SecondSession["planned"];
  try {
    const applying = openSession(context, false, (lockClient) => {
      const meanwhile = async (): Promise<void> => void (planned = await expectSnapshot(lockClient, context, stateSchema));
      return applyMigrations({ client, lockClient, meanwhile, collection, seeds, hooks, history, signal, logger, lockWaitMs, locks, singleTransaction, select: settings, onApplied });
    });
    // While that session opens.
    const planning = planAhead(everyFile(run).filter(({ version }) => due.has(version)));
    const [{ session: beside }] = await Promise.all([applying, planning]);
    return { error: undefined, beside: { session: beside, planned } };
  } catch (error) {
    if (!(error instanceof MigrationError || error instanceof HookError) || error.code === "connection") throw error;
    logger.error(error.message);
    return { error };
  }
}

function hookTarget({ context: { root, env, settings }, hooks, commands }: Run, onRun: HookTarget["onRun"]): HookTarget {
  return { hooks, commands, cwd: root, env: { ...env, DATABASE_URL: settings.databaseUrl.reveal() }, onRun };
}

async function customChecks(context: Context, ended: Promise<void> | undefined): Promise<CheckResult[]> {
  const checks = context.checks as readonly Check<{ readonly client: PostgresClient }>[];
  if (checks.length === 0) return [];
  // They look at a database in which the run does nothing any more.
  await ended;
  return runChecks({ checks, open: (use) => session(context, true, (client) => use({ client })), context });
}
