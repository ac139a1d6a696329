import { resolve } from "node:path";
import { describeCacheUrl, toCacheError, withCache, type CacheClient } from "@org/cache";
import { checkResult, refuseUnwritable, runChecks, Secret, skipped, type Check, type CheckResult, type Result, type RunContext } from "@org/script";
import { readBaseline, refuseDifferent } from "./compare/baseline.ts";
import { isServerUrl } from "./compare/server-url.ts";
import { compare, judgeComparison } from "./compare/compare.ts";
import { describeMachine } from "./machine.ts";
import { measureFloor } from "./measure-floor.ts";
import type { BenchmarkSettings } from "./options.ts";
import { addressOf, describePlan, loadSettings, makePlan, type BenchmarkPlan } from "./plan.ts";
import type { BenchmarkData, ComparisonResult, RunResult, SweepResult } from "./result.ts";
import { runSuite, type Observation } from "./run-suite.ts";
import { readState, type ServerState } from "./server/facts.ts";
import { withOwnKeys } from "./server/own-keys.ts";
import { refuseRemoteLoad, refuseServer, type PlannedLoad, type Target } from "./server/safety.ts";
import { sweep } from "./sweep.ts";
import type { Suite } from "./suites.ts";
import { truthChecks } from "./truth/truth-checks.ts";

type Context = RunContext<BenchmarkSettings>;

/** What the server is held against: another server, measured in turns with it, or an earlier report. */
interface Opponent {
  readonly name: string;
  readonly server: (Target & { readonly state: ServerState }) | undefined;
  readonly baseline: BenchmarkData | undefined;
}

/** Loads the server as the settings say, and judges the figures. Throws ScriptError for a load that must not be. */
export async function benchmark(context: Context): Promise<Result<BenchmarkData | null>> {
  const plan = makePlan(context.settings, context.sources);
  const target = ownTarget(plan);
  const load = plannedLoad(plan, target);
  refuseRemoteLoad(load);
  if (context.dryRun) return { checks: [...truthChecks, ...context.checks].map((check) => checkResult(check, skipped(`dry run: would do ${describePlan(plan)}`))), data: null };
  await refuseOutputs(plan.settings);
  const state = await readServer(target, context.signal);
  refuseServer(state, load);
  const opponent = await meetOpponent(context, plan, state);
  const floor = await measureFloor(addressOf(target.url, plan.settings.protocol), context.signal);
  const { observations, sweeps } = await loadServer(context, { plan, state, opponent });
  const comparison = comparisonOf(observations, plan, opponent);
  const judged = await runChecks({ checks: truthChecks, open: (use) => use({ observations, settings: plan.settings, config: context.config }), context });
  const custom = await runCustomChecks(context, { plan, state, runs: observations.map(({ run }) => run) });
  const compared = comparison === null ? [] : [checkResult({ id: "perf.comparison", title: "It is not slower than what it is compared with" }, judgeComparison(comparison, plan.settings))];
  const checks = [...judged, ...custom, ...compared];
  const data = describe({ context, plan, state, floor, observations, sweeps, checks, comparison });
  const { writeOutputs } = await import("./outputs/write-outputs.ts");
  return { checks: [...checks, ...(await writeOutputs(data, plan.settings))], data };
}

/** First of all: nobody wants to hear after minutes of load that a file of the result has no place. */
async function refuseOutputs({ memtierJson, csv, hgrm, html }: BenchmarkSettings): Promise<void> {
  for (const file of [memtierJson, csv, hgrm, html]) if (file !== undefined) await refuseUnwritable(file);
}

function ownTarget({ settings }: BenchmarkPlan): Target {
  return { url: settings.redisUrl.reveal(), setting: "REDIS_URL" };
}

function plannedLoad({ settings, steps, keyBytes }: BenchmarkPlan, target: Target): PlannedLoad {
  const { pipeline, allowRemote, allowFull } = settings;
  return { ...target, underWay: Math.max(...steps) * pipeline, keyBytes, allowRemote, allowFull };
}

async function meetOpponent({ settings, root, scriptVersion, signal }: Context, plan: BenchmarkPlan, { server }: ServerState): Promise<Opponent | undefined> {
  const named = settings.compare instanceof Secret ? settings.compare.reveal() : settings.compare;
  if (named === undefined) return undefined;
  if (!isServerUrl(named)) {
    const baseline = await readBaseline(resolve(root, named));
    refuseDifferent({ server, client: describeMachine(scriptVersion), settings: loadSettings(plan) }, { ...baseline.fingerprint, settings: baseline.settings }, settings.acrossEnvironments);
    return { name: named, server: undefined, baseline };
  }
  const target: Target = { url: named, setting: "--compare" };
  const load = plannedLoad(plan, target);
  refuseRemoteLoad(load);
  const state = await readServer(target, signal);
  refuseServer(state, load);
  refuseDifferent({ server }, { server: state.server }, settings.acrossEnvironments);
  return { name: describeCacheUrl(named), server: { ...target, state }, baseline: undefined };
}

function comparisonOf(observations: readonly Observation[], { settings }: BenchmarkPlan, opponent: Opponent | undefined): ComparisonResult | null {
  if (opponent === undefined) return null;
  const runs = observations.map(({ run }) => run);
  const own = runs.filter(({ side }) => side === "first");
  const other = opponent.baseline?.runs.filter(({ side }) => side === "first") ?? runs.filter(({ side }) => side === "second");
  return compare({ against: opponent.name, own, other, isPaired: opponent.server !== undefined, threshold: settings.threshold });
}

async function readServer(target: Target, signal: AbortSignal): Promise<ServerState> {
  try {
    return await withCache({ ...target, clientName: "dragonfly-perf", signal }, (client: CacheClient) => readState(client));
  } catch (error) {
    throw toCacheError(error, { ...target, doing: "read what the server tells of itself" });
  }
}

interface Running {
  readonly plan: BenchmarkPlan;
  readonly state: ServerState;
  readonly opponent: Opponent | undefined;
}

async function loadServer(context: Context, running: Running): Promise<{ readonly observations: readonly Observation[]; readonly sweeps: readonly SweepResult[] }> {
  const limitMs = running.plan.settings.sweep;
  return limitMs === undefined ? { observations: await runAll(context, running), sweeps: [] } : sweepAll(context, running, limitMs);
}

/** What is judged is the run at the knee: that the runs beyond it fail is what they are for. */
async function sweepAll(context: Context, { plan, state }: Running, limitMs: number): Promise<{ readonly observations: readonly Observation[]; readonly sweeps: readonly SweepResult[] }> {
  const [observations, sweeps]: [Observation[], SweepResult[]] = [[], []];
  for (const suite of plan.suites) {
    const tried: Observation[] = [];
    const once = { plan, suite, round: 1, connections: plan.steps[0]!, side: "first", ...ownTarget(plan), state } as const;
    const found = await sweep(suite.name, limitMs, async (rate) => {
      const observation = await runOnce(context, { ...once, rate });
      tried.push(observation);
      return observation.run;
    });
    sweeps.push(found);
    observations.push(tried.findLast(({ run }) => run.rate === found.knee) ?? tried[0]!);
  }
  return { observations, sweeps };
}

/** All in turns, so that a drift of the machine meets suites and sides alike; which side begins changes each round. */
async function runAll(context: Context, { plan, state, opponent }: Running): Promise<Observation[]> {
  const { settings, suites, steps } = plan;
  const observations: Observation[] = [];
  for (let round = 1; round <= settings.repeat; round++) {
    for (const connections of steps) {
      for (const suite of suites) {
        const first = { side: "first", ...ownTarget(plan), state } as const;
        const both = opponent?.server === undefined ? [first] : [first, { side: "second", ...opponent.server } as const];
        for (const side of round % 2 === 1 ? both : both.toReversed()) {
          const observation = await runOnce(context, { plan, suite, round, connections, rate: settings.rate, ...side });
          observations.push(observation);
        }
      }
    }
  }
  return observations;
}

/** One run on one server, whose keys are removed however it ends. */
async function runOnce(context: Context, { plan, suite, round, connections, rate, side, url, setting, state }: OneRun): Promise<Observation> {
  const { logger, signal, progress, runId } = context;
  const prefix = `dragonfly-perf:${state.keyTag}${runId}:${suite.name}:`;
  const shape = { url, setting, suite, prefix, connections, rate };
  const run = { plan, shape, round, side, serverThreads: state.server.threads, signal, progress };
  const observation = await withOwnKeys({ url, logger, ttlMs: plan.settings.ttl }, (keys) => runSuite({ ...run, keys }));
  const speed = `${Math.round(observation.run.opsPerSecond)} ops/s, p99 ${(observation.run.total.corrected ?? observation.run.total.raw).p99 ?? "unknown"} ms`;
  logger.info(`${suite.name}, run ${round} of ${plan.settings.repeat}${side === "second" ? " on the second server" : ""} with ${connections} connections: ${speed}.`);
  return observation;
}

interface OneRun extends Target {
  readonly plan: BenchmarkPlan;
  readonly suite: Suite;
  readonly round: number;
  readonly connections: number;
  readonly rate: number | undefined;
  readonly side: "first" | "second";
  readonly state: ServerState;
}

/** What checks of the config for this script are handed: they may judge the runs, or measure something of their own. */
export interface BenchmarkContext {
  readonly cache: CacheClient;
  readonly runs: readonly RunResult[];
  /** Runs a command of one's own with the settings of the run, and removes its keys. */
  readonly measure: (benchmark: CustomBenchmark) => Promise<RunResult>;
}

export interface CustomBenchmark {
  readonly name: string;
  /** Words with `__key__`, `__data__` and `__rand__`, such as `HSET __key__ field __data__`. */
  readonly command: string;
  /** What makes each key beforehand. */
  readonly preload?: string;
}

async function runCustomChecks(context: Context, { plan, state, runs }: Pick<Running, "plan" | "state"> & { readonly runs: readonly RunResult[] }): Promise<CheckResult[]> {
  if (context.checks.length === 0) return [];
  const target = ownTarget(plan);
  const measure = async ({ name, command, preload }: CustomBenchmark): Promise<RunResult> => {
    const own = makePlan({ ...plan.settings, command, preload }, context.sources);
    const suite = { ...own.suites[0]!, name };
    const { run } = await runOnce(context, { plan: own, suite, round: 1, connections: own.steps[0]!, rate: own.settings.rate, side: "first", ...target, state });
    return run;
  };
  const open = (use: (opened: BenchmarkContext) => Promise<void>): Promise<void> => withCache({ ...target, clientName: "dragonfly-perf", signal: context.signal }, (cache) => use({ cache, runs, measure }));
  return runChecks({ checks: context.checks as readonly Check<BenchmarkContext>[], open, context });
}

interface Finished {
  readonly context: Context;
  readonly plan: BenchmarkPlan;
  readonly state: ServerState;
  readonly floor: BenchmarkData["floor"];
  readonly observations: readonly Observation[];
  readonly checks: readonly CheckResult[];
  readonly comparison: ComparisonResult | null;
  readonly sweeps: readonly SweepResult[];
}

function describe({ context, plan, state, floor, observations, sweeps, checks, comparison }: Finished): BenchmarkData {
  const doubts = checks.filter(({ id, verdict }) => truthChecks.some((check) => check.id === id) && (verdict === "fail" || verdict === "unknown"));
  return {
    target: describeCacheUrl(plan.settings.redisUrl.reveal()),
    validity: doubts.length === 0 ? "VALID" : "INVALID",
    reasons: doubts.map(({ evidence }) => evidence),
    settings: loadSettings(plan),
    fingerprint: { server: state.server, client: describeMachine(context.scriptVersion) },
    floor,
    runs: observations.map(({ run }) => run),
    sweeps,
    comparison,
    trend: [],
  };
}
