import { readFileSync } from "node:fs";
import { isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { isConnectionLoss, withClient, type OpenSession, type PostgresClient, type SessionBounds } from "@org/postgres";
import { insertRun } from "./insert-run.ts";
import { rejectRun, removeRun, waitingRuns } from "./journal.ts";

export interface FlushOptions {
  readonly stateDir: string;
  readonly databaseUrl: string;
  /** The schema of the state tables. */
  readonly schema: string;
  readonly logger: Logger;
  readonly newest?: NewestRun | undefined;
  /** One that is open on that database and stays so; without it, and where it fails, the flush opens a session of its own. */
  readonly session?: OpenSession | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds for the whole flush, so that no script is slow because of its history; 2000 unless told. */
  readonly budgetMs?: number | undefined;
}

/** A run that is just being written into the journal, which takes as long as to write it into the database: it goes there at the same time. */
interface NewestRun {
  /** Its report as JSON. */
  readonly text: string;
  /** Its file, when that is written. What this throws, the flush throws. */
  readonly journaled: Promise<string>;
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
  const { newest, stateDir, schema, logger } = options;
  if (newest === undefined && waitingRuns(stateDir).length === 0) return { recorded: 0, rejected: 0, waiting: 0 };
  const budgetMs = options.budgetMs ?? 2000;
  const budget = AbortSignal.timeout(budgetMs);
  const signal = options.signal === undefined ? budget : AbortSignal.any([budget, options.signal]);
  newest?.journaled.catch(() => {
    // Thrown at the end: until then the database may take the run.
  });
  const flush: Flush = { options, signal, newest, recorded: 0, rejected: 0, obstacle: undefined };
  try {
    await withAnySession(options, { signal, budgetMs }, (client) => recordAll(client, flush));
  } catch (error) {
    if (!isScriptError(error) && !signal.aborted) throw error;
    flush.obstacle = signal.aborted ? abortReason(budget) : error;
  } finally {
    await newest?.journaled;
  }
  const waiting = waitingRuns(stateDir).length;
  if (waiting > 0 && flush.obstacle !== undefined) logger.info(waitingMessage(waiting, flush.obstacle, schema));
  return { recorded: flush.recorded, rejected: flush.rejected, waiting };
}

const runsPerFlush = 1000;

function abortReason(budget: AbortSignal): string {
  return budget.aborted ? "the database did not take them in time" : "the run was interrupted";
}

interface Flush {
  readonly options: FlushOptions;
  readonly signal: AbortSignal;
  /** Until it is dealt with. */
  newest: NewestRun | undefined;
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

async function recordAll(client: PostgresClient, flush: Flush): Promise<void> {
  const { schema, stateDir } = flush.options;
  if (flush.newest !== undefined) {
    const { text, journaled } = flush.newest;
    const outcome = await insert(client, schema, text);
    // Where it cannot be journaled there is no file to clear away, and the flush tells why.
    const path = await journaled.catch(() => undefined);
    flush.newest = undefined;
    if (settle(outcome, path, flush) === "none can be recorded") return;
  }
  for (const path of waitingRuns(stateDir).slice(0, runsPerFlush)) {
    flush.signal.throwIfAborted();
    if (settle(await record(client, schema, path), path, flush) === "none can be recorded") return;
  }
}

function settle(outcome: Outcome, path: string | undefined, flush: Flush): "none can be recorded" | undefined {
  const { stateDir, logger } = flush.options;
  if (outcome.kind === "recorded") {
    if (path !== undefined) removeRun(path);
    flush.recorded += 1;
  } else if (outcome.kind === "refused" && path !== undefined) {
    const target = rejectRun(stateDir, path);
    flush.rejected += 1;
    logger.warning(`A run cannot be recorded and is set aside in ${target}: ${outcome.reason}.`);
  } else if (outcome.kind === "hindered") {
    flush.obstacle = outcome.error;
    if (outcome.forAll) return "none can be recorded";
  }
  return undefined;
}

type Outcome =
  | { readonly kind: "recorded" }
  | { readonly kind: "gone" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "hindered"; readonly error: Error; readonly forAll: boolean };

async function record(client: PostgresClient, schema: string, path: string): Promise<Outcome> {
  const text = readRun(path);
  if (text === undefined) return { kind: "gone" };
  return isJson(text) ? insert(client, schema, text) : { kind: "refused", reason: "its file is not valid JSON" };
}

/** Undefined where another process has taken it. */
function readRun(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

async function insert(client: PostgresClient, schema: string, text: string): Promise<Outcome> {
  try {
    await insertRun(client, schema, text);
    return { kind: "recorded" };
  } catch (error) {
    return afterRefusal(error);
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
