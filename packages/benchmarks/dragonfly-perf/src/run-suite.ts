import { describeCacheUrl, toCacheError, withCache } from "@org/cache";
import { ScriptError } from "@org/exit-codes";
import type { Progress } from "@org/script";
import type { ReplyCounts } from "./engine/expectations.ts";
import type { Sample } from "./engine/measurement.ts";
import { percentile } from "./engine/histogram.ts";
import { coresHere, readMachine, type MachineFacts } from "./machine.ts";
import { loadPlans, preloadPlans, type BenchmarkPlan, type LoadShape } from "./plan.ts";
import type { RunResult, ServerUsage } from "./result.ts";
import { runLoad } from "./run-load.ts";
import { readFacts, type ServerFacts } from "./server/facts.ts";
import type { OwnKeys, Removed } from "./server/own-keys.ts";
import { isLocal, refuseForeignKeys } from "./server/safety.ts";
import { watchServer } from "./server/watch-server.ts";
import { round, summarise, type Summary } from "./summary.ts";
import type { Suite } from "./suites.ts";

/** One run and what surrounded it: what the truth checks judge. */
export interface Observation {
  readonly run: RunResult;
  readonly suite: Suite;
  readonly machine: readonly [before: MachineFacts, after: MachineFacts];
  /** Cores of this program's machine. */
  readonly cores: number;
  /** Threads that the server works with, where it tells. */
  readonly serverThreads: number | null;
  readonly server: ServerLoad;
  readonly removed: Removed;
}

interface ServerLoad {
  /** Whether it is surely on this machine. */
  readonly isHere: boolean;
  /** Processor time that it used while the machine was watched; null where it does not tell. */
  readonly seconds: number | null;
}

export interface SuiteRun {
  readonly plan: BenchmarkPlan;
  readonly shape: LoadShape;
  readonly round: number;
  readonly side: "first" | "second";
  readonly serverThreads: number | null;
  readonly keys: OwnKeys;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Makes the keys, loads the server, removes the keys. Throws ScriptError(connection) when the server is lost. */
export async function runSuite(asked: SuiteRun): Promise<Observation> {
  const { shape, plan, keys, signal } = asked;
  const space = { prefix: shape.prefix, count: plan.settings.keys };
  keys.add(space);
  try {
    return await withCache({ url: shape.url, setting: shape.setting, clientName: "dragonfly-perf", signal }, async (client) => {
      if (shape.suite.isCustom) await refuseForeignKeys(client, [...shape.suite.preload, ...shape.suite.commands], shape.prefix);
      const before = await readFacts(client);
      const made = await preload(asked);
      const filled = await readFacts(client);
      const machine = await readMachine();
      const measured = await measure(asked);
      const machineAfter = await readMachine();
      const run = describeRun(asked, measured, { before, filled, made });
      const server = { isHere: isLocal(shape), seconds: difference(measured.facts[0]!.cpu, measured.facts.at(-1)!.cpu) };
      return { run, suite: shape.suite, machine: [machine, machineAfter], cores: coresHere(), serverThreads: asked.serverThreads, server, removed: await keys.remove(client, space) };
    });
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === "EMFILE") throw tooManyFiles(shape.connections);
    throw toCacheError(error, { url: shape.url, setting: shape.setting, doing: `run the suite ${shape.suite.name}` });
  }
}

function tooManyFiles(connections: number): ScriptError {
  return new ScriptError("configuration", `${connections} connections are more than this process may open: each is an open file, and their number is limited`, {
    hint: "Take fewer --connections, or raise the limit in the shell that starts it (ulimit -n).",
  });
}

/** Returns how many keys there are now. Throws when one could not be made: what follows would measure misses. */
async function preload({ plan, shape, signal, progress }: SuiteRun): Promise<number> {
  let made = 0;
  for (const load of preloadPlans(plan, shape)) {
    progress.update(`${shape.suite.name}: making ${plan.settings.keys} keys`);
    const samples: Sample[] = [];
    await runLoad({ plans: [load], signal, onSample: (sample) => void samples.push(sample) });
    const counts = samples.map((sample) => sample.commands[0]!.counts);
    made = counts.reduce((sum, { ok }) => sum + ok, 0);
    if (made < plan.settings.keys) throw cannotMake(shape, { made, of: plan.settings.keys, counts, command: load.commands[0]!.name });
  }
  return made;
}

interface Unmade {
  readonly made: number;
  readonly of: number;
  readonly counts: readonly ReplyCounts[];
  readonly command: string;
}

function cannotMake({ url, suite }: LoadShape, { made, of, counts, command }: Unmade): ScriptError {
  const target = describeCacheUrl(url);
  const texts = [...new Set(counts.flatMap(({ errors }) => [...errors].map(([kind, { text }]) => text || kind)))].join("; ");
  if (/unknown command/iu.test(texts)) return new ScriptError("dependency", `${target} does not know ${command}, which the suite ${suite.name} needs`, { hint: "Use a server with that module, or leave the suite out." });
  return new ScriptError("general", `${target} took ${made} of ${of} keys for the suite ${suite.name}: ${texts || "replies of another kind"}`, { hint: hintFor(texts, command) });
}

function hintFor(errors: string, command: string): string {
  if (errors.includes("OOM")) return "Give the server more memory, or take fewer or smaller --keys.";
  if (/MOVED|ASK/u.test(errors)) return "The cluster moved the slot of the keys while they were made: run again when its slots rest.";
  if (errors.includes("NOPERM")) return "Let an administrator grant the account this command and the keys dragonfly-perf:*.";
  return `Look into the server's log, and whether ${command} works by hand.`;
}

interface Measured {
  readonly summary: Summary;
  readonly facts: readonly ServerFacts[];
  /** Requests of this program between the first and the last facts. */
  readonly ownRequests: number;
}

async function measure({ plan, shape, signal, progress }: SuiteRun): Promise<Measured> {
  const { suite } = shape;
  const samples: { worker: number; sample: Sample }[] = [];
  const plans = loadPlans(plan, shape);
  let ownRequests = 0;
  const facts = await watchServer(shape, signal, async (watch) => {
    const sent = await runLoad({
      plans,
      signal,
      onSample: (sample, worker) => {
        samples.push({ worker, sample });
        if (worker === 0) progress.update(liveLine(suite.name, sample, plans.length), { done: samples.length, total: Math.ceil(plan.settings.duration / 1000) * plans.length });
      },
    });
    ownRequests = sent + watch.requests() + shape.connections * loginRequests(plans[0]!.address);
  });
  const looksUp = suite.commands.map(({ expect }) => expect.nullIsMiss);
  return { summary: summarise({ commands: suite.commands.map(({ name }) => name), looksUp, samples }), facts, ownRequests };
}

function liveLine(suite: string, { commands, startedAt, endedAt }: Sample, workers: number): string {
  const [first] = commands.toSorted((a, b) => b.raw.count - a.raw.count);
  const count = commands.reduce((sum, { raw }) => sum + raw.count, 0);
  const rate = Math.round((count * workers * 1000) / (endedAt - startedAt));
  return `${suite}: ${rate.toLocaleString("en")} ops/s, p99 ${percentile(first!.corrected ?? first!.raw, 99).toFixed(2)} ms`;
}

function loginRequests({ protocol, password, database }: { readonly protocol: number; readonly password: string | undefined; readonly database: number }): number {
  return (protocol === 3 || password !== undefined ? 1 : 0) + (database === 0 ? 0 : 1);
}

interface Preloaded {
  readonly before: ServerFacts;
  readonly filled: ServerFacts;
  readonly made: number;
}

function describeRun({ plan, shape, round: number, side }: SuiteRun, { summary, facts, ownRequests }: Measured, preloaded: Preloaded): RunResult {
  const { total, commands, series, durationMs, bytesSent, bytesReceived, reconnects, client } = summary;
  return {
    suite: shape.suite.name,
    round: number,
    side,
    connections: shape.connections,
    rate: shape.rate ?? null,
    startedAt: new Date(summary.startedAt).toISOString(),
    durationMs: round(durationMs, 1),
    opsPerSecond: total.opsPerSecond,
    bytesSent,
    bytesReceived,
    reconnects,
    preloadedKeys: preloaded.made,
    total,
    commands,
    series,
    client,
    server: usage(facts, ownRequests, { ...preloaded, summary, warmupMs: plan.settings.warmup }),
  };
}

function usage(facts: readonly ServerFacts[], ownRequests: number, { before, filled, made, summary, warmupMs }: Preloaded & { readonly summary: Summary; readonly warmupMs: number }): ServerUsage {
  const [first, last] = [facts[0]!, facts.at(-1)!];
  // Facts of the measured time, where it is long enough to hold two.
  const inTime = facts.filter(({ at }) => at >= summary.startedAt && at <= summary.startedAt + summary.durationMs);
  const [from, to] = inTime.length >= 2 ? [inTime[0]!, inTime.at(-1)!] : [first, last];
  // A short run is what the server worked for between the first and the last facts; beside it, it rested.
  const elapsed = inTime.length >= 2 ? to.at - from.at : Math.min(to.at - from.at, summary.durationMs + warmupMs);
  const cores = (used: number | null): number | null => (used === null ? null : round((used * 1000) / elapsed, 3));
  const memory = difference(before.usedMemory, filled.usedMemory);
  const commands = difference(first.commands, last.commands);
  return {
    cpu: cores(difference(from.cpu, to.cpu)),
    mainThread: cores(difference(from.mainThread, to.mainThread)),
    bytesPerKey: made === 0 || memory === null ? null : Math.max(0, Math.round(memory / made)),
    fragmentation: last.residentMemory === null || last.usedMemory === null ? null : round(last.residentMemory / last.usedMemory, 2),
    evictedKeys: difference(before.evictedKeys, last.evictedKeys),
    expiredKeys: difference(before.expiredKeys, last.expiredKeys),
    foreignCommands: commands === null ? null : Math.max(0, commands - ownRequests),
  };
}

function difference(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : to - from;
}
