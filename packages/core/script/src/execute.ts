import { setTimeout as sleep } from "node:timers/promises";
import { redactDeep, type Options } from "@org/env";
import { exitCodes, isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import type { OpenSession } from "@org/postgres";
import { settleWithin, startDeadline } from "./abort.ts";
import { scriptName, type Result, type RunContext, type ScriptDefinition } from "./define-script.ts";
import { readGitSha } from "./git-sha.ts";
import { exitCodeOfChecks, makeReport } from "./make-report.ts";
import type { Prepared } from "./prepare.ts";
import type { Progress } from "./progress.ts";
import type { Report, RunInfo } from "./report.ts";
import { createRunId } from "./run-id.ts";

/** Who runs it, and where its story and its end come from. */
export interface Execution {
  readonly action: string;
  readonly arguments: readonly string[];
  readonly actor: string;
  readonly host: string;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly signals: readonly AbortSignal[];
}

export interface Outcome<Data> {
  readonly report: Report<Data>;
  /** Why the run ended early. */
  readonly error: unknown;
  /** What the script handed on, for the record of the run; whoever takes it closes it. */
  readonly session: OpenSession | undefined;
}

/** Time that a run gets to close what it opened after an abort. */
const graceMs = 3_000;

/** Runs a prepared script once, to a report in every case. Never throws for what the script does. */
export async function execute<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  prepared: Prepared<O>,
  execution: Execution,
): Promise<Outcome<Data>> {
  const started = new Date();
  const gitSha = readGitSha(prepared.root);
  const deadline = startDeadline(scriptName(definition), prepared.common.timeout, execution.signals);
  const context = makeContext(definition, prepared, { ...execution, runId: createRunId(started.getTime()), signal: deadline.signal });
  const outcome = await attempt(() => settleWithin(runUntilAnswered(definition, context, prepared.common.wait ?? 0), deadline.signal, graceMs));
  const error = deadline.signal.aborted ? (deadline.signal.reason as unknown) : outcome.error;
  deadline.release();
  const result = error === undefined ? outcome.result : undefined;
  const session = outcome.result?.session;
  if (result === undefined) await session?.close();
  try {
    const run = describeRun(context, { ...execution, gitSha, started });
    const report = makeReport(definition, { run, result, error, dryRunExitZero: prepared.common.dryRunExitZero, configured: context.checks });
    return { report: redactDeep(report, prepared.redact), error, session: result?.session };
  } catch (cause) {
    await session?.close();
    throw cause;
  }
}

function makeContext<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  prepared: Prepared<O>,
  { action, actor, host, logger, progress, runId, signal }: Execution & { readonly runId: string; readonly signal: AbortSignal },
): RunContext<Prepared<O>["settings"]> {
  const { common, redact: _, ...shared } = prepared;
  const name = scriptName(definition);
  return {
    ...shared,
    environment: common.environment,
    dryRun: common.dryRun,
    keepsHistory: common.history,
    action,
    runId,
    actor,
    host,
    scriptVersion: definition.package.version,
    logger,
    signal,
    progress,
    checks: (prepared.config.checks ?? []).filter(({ script }) => script === name),
  };
}

/** Runs, and with `--wait` again, with growing pauses, while a service does not answer. */
async function runUntilAnswered<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  context: RunContext<Prepared<O>["settings"]>,
  waitMs: number,
): Promise<Result<Data>> {
  // Without waiting, no clock: its module is one more to load.
  const leftOf = waitMs === 0 ? () => 0 : countdown(waitMs);
  for (let pause = 100; ; pause = Math.min(pause * 2, 2_000)) {
    const { result, error } = await attempt(() => definition.run(context));
    const code = error === undefined ? exitCodeOfChecks(result!.checks) : isScriptError(error) ? error.exitCode : exitCodes.general;
    const left = leftOf();
    if (code !== exitCodes.connection || left <= 0) {
      if (error !== undefined) throw error;
      return result!;
    }
    await result?.session?.close();
    context.logger.info(`No answer yet, trying again for ${Math.ceil(left / 1_000)} s`);
    await sleep(Math.min(pause, left), undefined, { signal: context.signal });
  }
}

function countdown(ms: number): () => number {
  const until = performance.now() + ms;
  return () => until - performance.now();
}

async function attempt<T>(work: () => Promise<T>): Promise<{ readonly result?: T; readonly error?: unknown }> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error: error ?? new Error("the script threw undefined") };
  }
}

function describeRun(context: RunContext<unknown>, execution: Execution & { readonly gitSha: string | null; readonly started: Date }): RunInfo {
  const { started } = execution;
  const ended = new Date();
  return {
    id: context.runId,
    startedAt: started.toISOString(),
    endedAt: ended.toISOString(),
    durationMs: Math.max(0, ended.getTime() - started.getTime()),
    actor: execution.actor,
    host: execution.host,
    gitSha: execution.gitSha,
    environment: context.environment,
    arguments: execution.arguments,
    dryRun: context.dryRun,
  };
}
