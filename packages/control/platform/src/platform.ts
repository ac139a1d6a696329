import { existsSync } from "node:fs";
import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { silentLogger } from "@org/logging";
import { formatDuration, type Result, type RunContext } from "@org/script";
import { findScripts, type ScriptPlaces } from "./find-scripts.ts";
import { readLastRuns, type LastRun } from "./last-runs.ts";
import { inOrder, prerequisites, type PlatformScript } from "./order.ts";
import { runChild, type ChildEnd } from "./run-child.ts";
import { asCheck, hasFailed, openChecks, type OpenCheck } from "./script-check.ts";

export const actions = ["up", "setup", "verify", "status", "down"] as const;
type Action = (typeof actions)[number];

/** One line of the summary. */
export interface ScriptRun {
  readonly script: string;
  readonly target: string;
  readonly verdict: string;
  readonly exitCode: number | null;
  readonly checksRan: number;
  readonly checksTotal: number;
  readonly durationMs: number;
  /** `planned` is a dry run; `blocked` could not run, because something before it did not succeed. */
  readonly outcome: "ran" | "planned" | "blocked";
  /** Why it did not run. */
  readonly reason: string | null;
  /** Its checks that are no pass, worst first. */
  readonly open: readonly OpenCheck[];
}

export interface PlatformData {
  readonly action: string;
  readonly runs: readonly ScriptRun[];
  /** For `status`: how each script ended when it last ran here. */
  readonly lastRuns: readonly LastRun[];
}

export interface PlatformSettings {
  readonly provider: "existing" | "container" | "local" | "embedded" | undefined;
  readonly install: boolean;
}

type Context = RunContext<PlatformSettings>;

interface Step {
  readonly target: string;
  /** One after the other, stopping at the first that does not succeed; else side by side, as far as the manifests allow. */
  readonly mode: "sequence" | "graph";
  /** What the scripts of the step are told. */
  readonly args: readonly string[];
}

/** Runs the scripts of the platform in the order of their manifests and sums up how they ended. */
export async function runPlatform(context: Context, places: Pick<ScriptPlaces, "package">): Promise<Result<PlatformData>> {
  const scripts = await findScripts({ ...places, only: context.config.scripts, root: context.root });
  const steps = stepsOf(context);
  const runs: ScriptRun[] = [];
  for (const step of steps) {
    const blocker = runs.find(hasFailed);
    const members = inOrder(scripts, step.target);
    if (members.length === 0) throw noScripts(step.target);
    if (blocker !== undefined) runs.push(...members.map((script) => blocked(script, blocker)));
    else if (isPlanOnly(context)) runs.push(...members.map((script) => planned(script, step)));
    else runs.push(...(await (step.mode === "sequence" ? runSequence : runGraph)(members, { context, step })));
  }
  const lastRuns = context.action === "status" ? await readLastRuns(context.stateDir, context.logger) : [];
  return { checks: runs.map((run) => asCheck(run, join(context.stateDir, "runs"))), data: { action: context.action, runs, lastRuns } };
}

/** What each action runs. `up` is the main job: doctor, dependencies, setup, verification. */
function stepsOf({ action, settings, envFile, dryRun }: Context): readonly Step[] {
  const dry = dryRun ? ["--dry-run"] : [];
  const start = ["start", ...(envFile === undefined ? [] : ["--env-file", envFile]), ...(settings.provider === undefined ? [] : ["--provider", settings.provider]), ...(settings.install ? ["--install"] : [])];
  const steps: Readonly<Record<Action, readonly Step[]>> = {
    up: [
      { target: "doctor", mode: "sequence", args: [] },
      { target: "start", mode: "sequence", args: start },
      { target: "setup", mode: "sequence", args: [] },
      { target: "verify", mode: "graph", args: [] },
    ],
    setup: [{ target: "setup", mode: "sequence", args: dry }],
    verify: [{ target: "verify", mode: "graph", args: dry }],
    status: [{ target: "start", mode: "sequence", args: ["status"] }],
    down: [{ target: "start", mode: "sequence", args: ["stop", ...dry] }],
  };
  return steps[action as Action];
}

/** A dry run of `up` cannot ask services that it does not start: it says what it would run. */
function isPlanOnly({ action, dryRun }: Context): boolean {
  return action === "up" && dryRun;
}

interface Running {
  readonly context: Context;
  readonly step: Step;
}

async function runSequence(members: readonly PlatformScript[], running: Running): Promise<ScriptRun[]> {
  const runs: ScriptRun[] = [];
  for (const script of members) {
    const blocker = runs.find(hasFailed);
    runs.push(blocker === undefined ? await runOne(script, running) : blocked(script, blocker));
  }
  return runs;
}

/** Every script starts when those that it waits for have ended, however they ended: each verification tells its own part. */
async function runGraph(members: readonly PlatformScript[], running: Running): Promise<ScriptRun[]> {
  const started = new Map<string, Promise<ScriptRun>>();
  for (const script of members) {
    const waits = prerequisites(script, members).map((name) => started.get(name)!);
    started.set(script.name, Promise.all(waits).then(() => runOne(script, running)));
  }
  return Promise.all(started.values());
}

async function runOne(script: PlatformScript, { context, step }: Running): Promise<ScriptRun> {
  context.signal.throwIfAborted();
  context.progress.update(`${script.name} is running`);
  const end = await runChild(script, {
    args: [...step.args, ...commonArguments(context, step)],
    cwd: context.root,
    env: context.env,
    signal: context.signal,
    // A program that imports this and asks for no story gets none.
    tells: context.logger !== silentLogger,
  });
  context.signal.throwIfAborted();
  const run = summarize(script, end);
  context.logger.info(`${script.name} ended: ${run.verdict}, ${run.checksRan} of ${run.checksTotal} checks ran, ${formatDuration(run.durationMs)}`);
  if (end.failure !== undefined) context.logger.error(`${script.name}: ${end.failure}`);
  return run;
}

/** What the caller set for the whole run reaches every script; a story of many scripts starts at INFO. */
function commonArguments({ configFile, envFile, sources, env }: Context, step: Step): string[] {
  const level = sources["logLevel"]?.kind === "default" ? "info" : undefined;
  return [
    ...(configFile === undefined ? [] : ["--config", configFile]),
    ...(envFile === undefined || step.args.includes("--env-file") || !existsSync(envFile) ? [] : ["--env-file", envFile]),
    ...(level === undefined || env["LOG_LEVEL"] !== undefined ? [] : ["--log-level", level]),
  ];
}

function summarize({ name, manifest }: PlatformScript, { exitCode, durationMs, report }: ChildEnd): ScriptRun {
  return {
    script: name,
    target: manifest.target,
    verdict: report?.verdict ?? "unknown",
    exitCode,
    checksRan: report?.counts.ran ?? 0,
    checksTotal: report?.counts.total ?? 0,
    durationMs,
    outcome: "ran",
    reason: null,
    open: openChecks(report?.checks ?? []),
  };
}

function blocked(script: PlatformScript, blocker: ScriptRun): ScriptRun {
  return notRun(script, { verdict: "unknown", outcome: "blocked", reason: `not run, because ${blocker.script} did not succeed` });
}

function planned(script: PlatformScript, { args }: Step): ScriptRun {
  return notRun(script, { verdict: "skipped", outcome: "planned", reason: `dry run: would run ${[script.name, ...args].join(" ")}` });
}

function notRun({ name, manifest }: PlatformScript, why: Pick<ScriptRun, "verdict" | "outcome" | "reason">): ScriptRun {
  return { script: name, target: manifest.target, exitCode: null, checksRan: 0, checksTotal: 0, durationMs: 0, open: [], ...why };
}

function noScripts(target: string): ScriptError {
  return new ScriptError("configuration", `the platform has no script for ${target}`, {
    hint: 'Add one to "scripts" of the config, or leave "scripts" out to have all.',
  });
}
