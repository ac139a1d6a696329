import { describeCacheUrl, parseCacheUrl } from "@org/cache";
import { ScriptError } from "@org/exit-codes";
import type { SettingSource } from "@org/script";
import type { KeyPlan, LoadPlan, ServerAddress, WeightedSize } from "./engine/load-plan.ts";
import type { BenchmarkSettings } from "./options.ts";
import type { LoadSettings } from "./result.ts";
import type { Target } from "./server/safety.ts";
import { parseSizes } from "./sizes.ts";
import { makeCustomSuite, makeSuite, type Suite, type SuiteOptions } from "./suites.ts";

/** The settings, checked and in the words of the engine. */
export interface BenchmarkPlan {
  readonly settings: BenchmarkSettings;
  readonly suites: readonly Suite[];
  readonly suiteOptions: SuiteOptions;
  /** Numbers of connections to run with; one without a staircase. */
  readonly steps: readonly number[];
  /** Roughly what the keys of one suite take. */
  readonly keyBytes: number;
}

const mostBuffered = 256 * 1024 ** 2;
/** What a server spends on a key beside its value. */
const bytesPerKey = 100;

/** Checks what the options alone cannot; the sources tell what was set from what is a default. Throws ScriptError(configuration). */
export function makePlan(settings: BenchmarkSettings, sources: Readonly<Record<string, SettingSource>>): BenchmarkPlan {
  const suiteOptions: SuiteOptions = { sizes: valid("--size", () => parseSizes(settings.size)), ttlSeconds: Math.max(1, Math.ceil(settings.ttl / 1000)), ratio: valid("--ratio", () => parseRatio(settings.ratio)) };
  const suites = settings.command === undefined ? settings.suites.map((name) => valid("--suite", () => makeSuite(name, suiteOptions))) : [customSuite(settings, suiteOptions)];
  const steps = (settings.staircase ?? [String(settings.connections)]).map((step) => valid("--staircase", () => parseConnections(step)));
  const largest = Math.max(...suiteOptions.sizes.map(({ bytes }) => bytes));
  const plan = { settings, suites, suiteOptions, steps, keyBytes: settings.keys * (averageSize(suiteOptions.sizes) + bytesPerKey) };
  refuse(Math.max(...steps) * settings.pipeline * largest > mostBuffered, "connections, pipeline and size together need more than 256 MB of requests", "Take fewer --connections, a lower --pipeline or a smaller --size.");
  refuse(settings.staircase !== undefined && sources["connections"]?.kind !== "default", "--staircase and --connections both say with how many connections to run", "Leave out one of them.");
  refuse(settings.threads > Math.min(...steps), "there are more threads than connections", "Take at least as many --connections as --threads.");
  refuse(settings.duration < 100, "--duration is shorter than 100 ms", "Run for at least a second.");
  refuse(settings.preload !== undefined && settings.command === undefined, "--preload makes the keys of --command, and there is none", "Add --command, or leave out --preload: the suites make their keys themselves.");
  refuse(settings.ttl < 1000, "--ttl is shorter than a second", "Keys must outlive the run that reads them.");
  refuse(settings.sweep === 0, "--sweep looks for a p99 below no time at all", "Take a limit such as 2ms.");
  refuse(settings.sweep !== undefined && (settings.staircase !== undefined || settings.compare !== undefined || settings.rate !== undefined), "--sweep chooses the rates itself", "Leave out --rate, --staircase and --compare.");
  refuse(settings.client === "ioredis" && settings.rate !== undefined, "--client ioredis knows no rate", "Leave out --rate, or use the raw client.");
  return plan;
}

function customSuite({ command, preload }: BenchmarkSettings, options: SuiteOptions): Suite {
  const words = splitWords("--command", command!);
  refuse(!words.slice(1).some((word) => word.includes("__key__")), `--command ${JSON.stringify(command)} names no key of this benchmark`, "Write __key__ where the key belongs, such as \"HSET __key__ field __data__\".");
  return makeCustomSuite("command", { words, preload: preload === undefined ? [] : [splitWords("--preload", preload)] }, options);
}

/** Words between blanks; quotes keep blanks together. Throws ScriptError(configuration) for a quote at the beginning of a word that has no end. */
function splitWords(flag: "--command" | "--preload", text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/gu)].map(([, double, single, bare = ""]) => {
    if (/^["']/u.test(bare)) throw openQuote(`${flag} ${JSON.stringify(text)}`, bare);
    return double ?? single ?? bare;
  });
}

function openQuote(command: string, word: string): ScriptError {
  const [name, quote, other] = word.startsWith('"') ? ["double", '"', "'"] : ["single", "'", '"'];
  return new ScriptError("configuration", `${command}: the ${name} quote at ${word} stays open`, { hint: `Close it with a second ${quote}, or put ${other} around the word when the ${quote} belongs to it.` });
}

function parseRatio(text: string): { readonly writes: number; readonly reads: number } {
  const [, writes, reads] = /^(\d+):(\d+)$/u.exec(text.trim()) ?? [];
  if (Number(writes) >= 1 && Number(reads) >= 1) return { writes: Number(writes), reads: Number(reads) };
  throw new Error("expected two whole numbers from 1 on, such as 1:10");
}

function parseConnections(text: string): number {
  if (/^\d+$/u.test(text) && Number(text) >= 1 && Number(text) <= 10_000) return Number(text);
  throw new Error("expected whole numbers from 1 to 10000, such as 1,10,50");
}

function averageSize(sizes: readonly WeightedSize[]): number {
  const weights = sizes.reduce((sum, { weight }) => sum + weight, 0);
  return sizes.reduce((sum, { bytes, weight }) => sum + bytes * weight, 0) / weights;
}

function valid<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ScriptError("configuration", `${flag}: ${(error as Error).message}`, { hint: "See dragonfly-perf --help." });
  }
}

function refuse(isWrong: boolean, message: string, hint: string): void {
  if (isWrong) throw new ScriptError("configuration", message, { hint });
}

/** Where and how the engine connects. */
export function addressOf(url: string, protocol: "2" | "3"): ServerAddress {
  const { host, port, socket, tls, user, password, database } = parseCacheUrl(url);
  return { host, port, socket, tls, user, password, database, protocol: protocol === "3" ? 3 : 2 };
}

export interface LoadShape extends Target {
  readonly suite: Suite;
  readonly prefix: string;
  readonly connections: number;
  readonly rate: number | undefined;
}

/** One plan for each worker; connections, rate and, in a sequential walk, keys are dealt out among them. */
export function loadPlans({ settings }: BenchmarkPlan, { url, suite, prefix, connections, rate }: LoadShape): LoadPlan[] {
  const { threads, pipeline, seed, warmup: warmupMs, duration: durationMs, pacing } = settings;
  return Array.from({ length: threads }, (_, worker): LoadPlan => ({
    address: addressOf(url, settings.protocol),
    commands: suite.commands,
    keys: keyPlan(settings, { prefix, first: worker, step: threads }),
    connections: Math.floor(connections / threads) + (worker < connections % threads ? 1 : 0),
    pipeline,
    seed: seed + worker * 7919,
    client: settings.client,
    model: rate === undefined ? { kind: "closed", warmupMs, durationMs } : { kind: "open", warmupMs, durationMs, rate: rate / threads, pacing, drainMs: 5_000 },
  }));
}

const preloadConnections = 8;
const preloadPipeline = 64;

/** The plans that make every key, one after the other. */
export function preloadPlans({ settings }: BenchmarkPlan, { url, suite, prefix }: LoadShape): LoadPlan[] {
  const largest = Math.max(...suite.commands.flatMap(({ sizes }) => sizes.map(({ bytes }) => bytes)));
  return suite.preload.map((command) => ({
    address: addressOf(url, settings.protocol),
    commands: [command],
    keys: { ...keyPlan(settings, { prefix, first: 0, step: 1 }), distribution: "sequential" },
    connections: preloadConnections,
    pipeline: Math.max(1, Math.min(preloadPipeline, Math.floor(2 ** 22 / largest))),
    seed: settings.seed,
    client: "raw",
    model: { kind: "once" },
  }));
}

function keyPlan({ keys, distribution, zipfExponent, deviation }: BenchmarkSettings, own: Pick<KeyPlan, "prefix" | "first" | "step">): KeyPlan {
  return { ...own, count: keys, distribution, exponent: zipfExponent, deviation };
}

/** The part of the settings that a result carries. */
export function loadSettings({ settings, suites }: BenchmarkPlan): LoadSettings {
  const { rate, connections, threads, pipeline, keys, distribution, size, ratio, duration, warmup, seed, protocol, client, pacing } = settings;
  return {
    model: rate === undefined && settings.sweep === undefined ? "closed loop" : "open loop",
    rate: rate ?? null,
    suites: suites.map(({ name }) => name),
    connections,
    threads,
    pipeline,
    keys,
    distribution,
    size,
    ratio,
    seed,
    client,
    pacing,
    durationMs: duration,
    warmupMs: warmup,
    protocol: Number(protocol),
  };
}

/** One sentence on the load, for a dry run. */
export function describePlan(plan: BenchmarkPlan): string {
  const { settings, suites, steps } = plan;
  const speed = settings.rate === undefined ? "as fast as it goes" : `at ${settings.rate} requests in a second`;
  const runs = suites.length * settings.repeat * steps.length;
  return `${runs} runs (${suites.map(({ name }) => name).join(", ")}) of ${settings.duration / 1000} s ${speed} over ${steps.join(", ")} connections, ${settings.keys} keys of ${settings.size} bytes, on ${describeCacheUrl(settings.redisUrl.reveal())}`;
}
