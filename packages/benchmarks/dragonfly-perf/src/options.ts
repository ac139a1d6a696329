import type { Option } from "@org/env";
import { option, redisUrl, Secret, type OptionsOf } from "@org/script";
import { isServerUrl } from "./compare/server-url.ts";
import type { Distribution } from "./engine/load-plan.ts";

export interface BenchmarkSettings {
  readonly redisUrl: Secret;
  readonly suites: readonly string[];
  readonly command: string | undefined;
  readonly preload: string | undefined;
  readonly ratio: string;
  readonly connections: number;
  readonly threads: number;
  readonly pipeline: number;
  readonly duration: number;
  readonly warmup: number;
  readonly rate: number | undefined;
  readonly pacing: "spin" | "sleep";
  readonly sweep: number | undefined;
  readonly staircase: readonly string[] | undefined;
  readonly keys: number;
  readonly distribution: Distribution;
  readonly zipfExponent: number;
  readonly deviation: number;
  readonly size: string;
  readonly ttl: number;
  readonly seed: number;
  readonly protocol: "2" | "3";
  readonly client: "raw" | "ioredis";
  readonly percentile: number;
  readonly maxErrors: number;
  readonly repeat: number;
  readonly compare: Secret | string | undefined;
  readonly threshold: number;
  readonly acrossEnvironments: boolean;
  readonly allowRemote: boolean;
  readonly allowFull: boolean;
  readonly memtierJson: string | undefined;
  readonly csv: string | undefined;
  readonly hgrm: string | undefined;
  readonly html: string | undefined;
}

/** A decimal number; the builders of options only know whole ones. */
function decimal({ min, max, ...declared }: { readonly flag: string; readonly description: string; readonly default: number; readonly min: number; readonly max: number }): Option<number> {
  const parse = (written: unknown): number => {
    const number = typeof written === "string" && written.trim() !== "" ? Number(written) : written;
    if (typeof number === "number" && number >= min && number <= max) return number;
    throw new Error(`expected a number from ${min} to ${max}`);
  };
  return { ...declared, parse };
}

/** A URL may hold a password; the name of a file is told as it is. */
function urlOrFile(declared: { readonly flag: string; readonly description: string }): Option<Secret | string | undefined> {
  const parse = (written: unknown): Secret | string => {
    if (written instanceof Secret) return written;
    if (typeof written !== "string" || written.trim() === "") throw new Error("expected a file or a URL");
    return isServerUrl(written) ? new Secret(written) : written;
  };
  return { ...declared, secret: true, parse };
}

const load = {
  suites: option.list({ flag: "--suite <names>", default: ["set", "get"], description: "set, get, mixed, bulk, hash, list, zset, stream, pubsub, json, del, expiry; several with commas" }),
  command: option.text({ flag: "--command <words>", description: "a command of your own in place of the suites; __key__, __data__ and __rand__ are filled in" }),
  preload: option.text({ flag: "--preload <words>", description: "the command that makes each key before --command runs" }),
  ratio: option.text({ flag: "--ratio <writes:reads>", default: "1:10", description: "SET and GET of the suite mixed" }),
  connections: option.integer({ flag: "--connections <n>", default: 50, min: 1, max: 10_000, description: "connections, over all threads" }),
  threads: option.integer({ flag: "--threads <n>", default: 1, min: 1, max: 64, description: "worker threads of this program" }),
  pipeline: option.integer({ flag: "--pipeline <n>", default: 1, min: 1, max: 10_000, description: "requests under way on one connection" }),
  duration: option.duration({ flag: "--duration <time>", default: "10s", description: "measured time of each run" }),
  warmup: option.duration({ flag: "--warmup <time>", default: "1s", description: "time before it that is not measured" }),
  rate: option.integer({ flag: "--rate <n>", min: 1, description: "requests in a second (open loop), with latency from the intended start; without it as many as go (closed loop)" }),
  pacing: option.choice({ flag: "--pacing <how>", choices: ["spin", "sleep"], default: "spin", description: "with --rate: exact for a whole core, or up to 2 ms of false latency for half of one" }),
  sweep: option.duration({ flag: "--sweep <time>", description: "find the highest rate whose p99 stays below this time" }),
  staircase: option.list({ flag: "--staircase <connections>", description: "numbers of connections to run with, one after the other, such as 1,10,50" }),
} as const;

const data = {
  keys: option.integer({ flag: "--keys <n>", default: 10_000, min: 1, max: 10_000_000, description: "keys of each suite" }),
  distribution: option.choice({ flag: "--distribution <name>", choices: ["uniform", "zipf", "gaussian", "sequential"], default: "uniform", description: "which keys are used how often" }),
  zipfExponent: decimal({ flag: "--zipf-exponent <n>", default: 1, min: 0, max: 10, description: "exponent of zipf" }),
  deviation: decimal({ flag: "--deviation <part>", default: 0.1, min: 0.0001, max: 1, description: "standard deviation of gaussian, as a part of the keys" }),
  size: option.text({ flag: "--size <bytes>", default: "32", description: "size of values: 3, 32-1024 or 64:9,1024:1 (with weights)" }),
  ttl: option.duration({ flag: "--ttl <time>", default: "15m", description: "every key expires after this time, whatever happens" }),
  seed: option.integer({ flag: "--seed <n>", default: 1, max: 2 ** 32 - 1, description: "the same seed gives the same requests" }),
  protocol: option.choice({ flag: "--protocol <version>", choices: ["2", "3"], default: "2", description: "RESP version" }),
  client: option.choice({ flag: "--client <name>", choices: ["raw", "ioredis"], default: "raw", description: "the engine of this program, or what an application sees" }),
} as const;

const judgement = {
  percentile: decimal({ flag: "--percentile <n>", default: 99, min: 1, max: 99.999, description: "the percentile that the run must be long enough for" }),
  maxErrors: decimal({ flag: "--max-errors <percent>", default: 0, min: 0, max: 100, description: "replies that may be errors" }),
  repeat: option.integer({ flag: "--repeat <n>", default: 1, min: 1, max: 1_000, description: "runs of each suite, in turns" }),
  compare: urlOrFile({ flag: "--compare <file|url>", description: "an earlier benchmark_results.json, or a second server to run in turns with" }),
  threshold: decimal({ flag: "--threshold <percent>", default: 5, min: 0, max: 100, description: "how much worse than --compare is a regression" }),
  acrossEnvironments: option.boolean({ flag: "--across-environments", description: "compare although servers, machines or settings differ" }),
  allowRemote: option.boolean({ flag: "--allow-remote", description: "load a server that is not local beyond 256 requests under way or 64 MB of keys" }),
  allowFull: option.boolean({ flag: "--allow-full", description: "load a server with keys of others although its memory may fill up" }),
} as const;

const outputs = {
  memtierJson: option.path({ flag: "--memtier-json <file>", description: "also write the result as memtier_benchmark does" }),
  csv: option.path({ flag: "--csv <file>", description: "also write one line for each run and command" }),
  hgrm: option.path({ flag: "--hgrm <file>", description: "also write the percentile distribution of HdrHistogram" }),
  html: option.path({ flag: "--html <file>", description: "also write a page with plots that opens offline" }),
} as const;

/** As they are before it is known whether the action needs a server. */
export type WrittenSettings = Omit<BenchmarkSettings, "redisUrl"> & { readonly redisUrl: Secret | undefined };

export const options: OptionsOf<WrittenSettings> = { redisUrl: redisUrl({ required: false }), ...load, ...data, ...judgement, ...outputs };
