import { readFile } from "node:fs/promises";
import { isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { isConnectionLoss, withClient, type OpenSession, type PostgresClient, type SessionBounds } from "@org/postgres";
import type { Report } from "../report.ts";
import { insertRun } from "./insert-run.ts";
import { rejectRun, removeRun, waitingRuns } from "./journal.ts";

export interface FlushOptions {
  readonly stateDir: string;
  readonly databaseUrl: string;
  /** The schema of the state tables. */
  readonly schema: string;
  readonly logger: Logger;
  /** The newest run on its way into the journal: the session opens meanwhile. What it throws, the flush throws. */
  readonly journaled?: Promise<unknown> | undefined;
  /** One that is open on that database and stays so; without it, and where it fails, the flush opens a session of its own. */
  readonly session?: OpenSession | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds for the whole flush, so that no script is slow because of its history; 2000 unless told. */
  readonly budgetMs?: number | undefined;
}

export interface FlushOutcome {
  readonly recorded: number;
  readonly rejected: number;
  /** Runs that stay in the journal for a later flush. */
  readonly waiting: number;
}

/**
 * Brings the runs of the journal into the database, each exactly once: a run leaves the journal after its commit, and a run that
 * is in the table already is not written again, so it may be killed or run beside another at any point. Never throws because
 * of the database: what cannot be written now waits, and what never can is set aside in `journal/rejected`.
 */
export async function flushJournal(options: FlushOptions): Promise<FlushOutcome> {
  const listing = listRuns(options);
  if (options.journaled === undefined && (await listing).length === 0) return { recorded: 0, rejected: 0, waiting: 0 };
  const budgetMs = options.budgetMs ?? 2000;
  const budget = AbortSignal.timeout(budgetMs);
  const signal = options.signal === undefined ? budget : AbortSignal.any([budget, options.signal]);
  const tally: Tally = { recorded: 0, rejected: 0, obstacle: undefined };
  try {
    await withAnySession(options, { signal, budgetMs }, async (client) => recordAll(client, { options, signal, runs: await listing, tally }));
  } catch (error) {
    if (!isScriptError(error) && !signal.aborted) throw error;
    tally.obstacle = signal.aborted ? abortReason(budget) : error;
  }
  await listing;
  const waiting = (await waitingRuns(options.stateDir)).length;
  if (waiting > 0 && tally.obstacle !== undefined) options.logger.info(waitingMessage(waiting, tally.obstacle, options.schema));
  return { recorded: tally.recorded, rejected: tally.rejected, waiting };
}

const runsPerFlush = 1000;

function listRuns({ journaled = Promise.resolve(), stateDir }: FlushOptions): Promise<string[]> {
  const listing = journaled.then(async () => (await waitingRuns(stateDir)).slice(0, runsPerFlush));
  listing.catch(() => {
    // The flush waits for it, though not at once.
  });
  return listing;
}

function abortReason(budget: AbortSignal): string {
  return budget.aborted ? "the database did not take them in time" : "the run was interrupted";
}

interface Tally {
  recorded: number;
  rejected: number;
  /** Why runs stay: an error of the server or a sentence. */
  obstacle: unknown;
}

interface Budget {
  readonly signal: AbortSignal;
  readonly budgetMs: number;
}

async function withAnySession(options: FlushOptions, { signal, budgetMs }: Budget, work: (client: PostgresClient) => Promise<void>): Promise<void> {
  const { databaseUrl: url, session, connectTimeoutMs = budgetMs } = options;
  const bounds: SessionBounds = { statementTimeoutMs: budgetMs, lockTimeoutMs: Math.ceil(budgetMs / 2), signal };
  if (session !== undefined) {
    try {
      return await session.use(bounds, work);
    } catch {
      // It may be lost since its own work ended; what else is wrong shows again in a session of its own.
      signal.throwIfAborted();
    }
  }
  await withClient({ ...bounds, url, applicationName: "platform-scripts", connectTimeoutMs }, work);
}

interface Flush {
  readonly options: FlushOptions;
  readonly signal: AbortSignal;
  readonly runs: readonly string[];
  readonly tally: Tally;
}

async function recordAll(client: PostgresClient, { options, signal, runs, tally }: Flush): Promise<void> {
  for (const path of runs) {
    signal.throwIfAborted();
    const outcome = await record(client, options.schema, path);
    if (outcome.kind === "recorded") {
      await removeRun(path);
      tally.recorded += 1;
    } else if (outcome.kind === "refused") {
      const target = await rejectRun(options.stateDir, path);
      tally.rejected += 1;
      options.logger.warning(`A run cannot be recorded and is set aside in ${target}: ${outcome.reason}.`);
    } else if (outcome.kind === "hindered") {
      tally.obstacle = outcome.error;
      if (outcome.forAll) return;
    }
  }
}

type Outcome =
  | { readonly kind: "recorded" }
  | { readonly kind: "gone" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "hindered"; readonly error: Error; readonly forAll: boolean };

async function record(client: PostgresClient, schema: string, path: string): Promise<Outcome> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return { kind: "gone" };
  const report = parse(text);
  if (report === undefined) return { kind: "refused", reason: "its file is not valid JSON" };
  try {
    await insertRun(client, schema, report);
    return { kind: "recorded" };
  } catch (error) {
    return afterRefusal(error);
  }
}

function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** SQLSTATEs that speak of the values of one run: data exceptions, violated constraints and limits of size. */
const ofTheRun = /^(22|23|54)/;
/** SQLSTATEs that only this statement met, such as a lock that another session held. */
const ofTheMoment = /^(40|55|57014|XX)/;

function afterRefusal(error: unknown): Outcome {
  const code = sqlState(error);
  if (!(error instanceof Error) || code === undefined || isConnectionLoss(error)) throw error;
  if (ofTheRun.test(code)) return { kind: "refused", reason: `${error.message} (SQLSTATE ${code})` };
  return { kind: "hindered", error, forAll: !ofTheMoment.test(code) };
}

function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && "severity" in error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function waitingMessage(waiting: number, obstacle: unknown, schema: string): string {
  const runs = waiting === 1 ? "1 run waits" : `${waiting} runs wait`;
  return `${runs} in the journal and will be recorded later: ${reason(obstacle, schema)}.`;
}

function reason(obstacle: unknown, schema: string): string {
  const code = sqlState(obstacle);
  if (code === "42P01" || code === "3F000") return `the state tables are not in the schema "${schema}"; run npx @org/init-database`;
  return obstacle instanceof Error ? obstacle.message : String(obstacle);
}
