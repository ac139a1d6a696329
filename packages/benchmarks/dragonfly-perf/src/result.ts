import type { ServerFlavour } from "@org/cache";

/** What a benchmark found; the `data` of its report. Latencies are in milliseconds, sizes in bytes. */
export interface BenchmarkData {
  /** `user@host:port/database`, without the password. */
  readonly target: string;
  /** INVALID: the figures must not be used, for the reasons. */
  readonly validity: "VALID" | "INVALID";
  readonly reasons: readonly string[];
  readonly settings: LoadSettings;
  readonly fingerprint: Fingerprint;
  /** Round trips of PING on one idle connection, before the load. */
  readonly floor: Latency;
  readonly runs: readonly RunResult[];
  /** One for each suite of a sweep. */
  readonly sweeps: readonly SweepResult[];
  readonly comparison: ComparisonResult | null;
  /** Kept results, oldest first; only where the history was asked for. */
  readonly trend: readonly TrendPoint[];
}

/** One suite of one kept result. */
export interface TrendPoint {
  readonly startedAt: string;
  readonly suite: string;
  readonly opsPerSecond: number;
  readonly p99: number | null;
  readonly validity: BenchmarkData["validity"];
  /** Whether settings and environment are those of the newest result. */
  readonly isComparable: boolean;
}

/** What must be equal for two results to be comparable, apart from the environment. */
export interface LoadSettings {
  readonly model: "closed loop" | "open loop";
  readonly rate: number | null;
  readonly suites: readonly string[];
  readonly connections: number;
  readonly threads: number;
  readonly pipeline: number;
  readonly keys: number;
  readonly distribution: string;
  readonly size: string;
  readonly ratio: string;
  readonly durationMs: number;
  readonly warmupMs: number;
  readonly seed: number;
  readonly protocol: number;
  readonly client: string;
  readonly pacing: string;
}

/** The environment of a result. */
export interface Fingerprint {
  readonly server: {
    readonly flavour: ServerFlavour["flavour"];
    readonly version: string | null;
    readonly threads: number | null;
    readonly maxmemory: number | null;
    readonly policy: string | null;
    readonly os: string | null;
  };
  readonly client: { readonly cores: number; readonly processor: string; readonly kernel: string; readonly node: string; readonly version: string };
}

export interface Latency {
  readonly average: number | null;
  readonly deviation: number | null;
  readonly min: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly p9999: number | null;
  readonly max: number | null;
}

/** One run of one suite. */
export interface RunResult {
  readonly suite: string;
  /** Which of the repeated runs it is, from 1 on. */
  readonly round: number;
  /** The first server, or the second one of a comparison. */
  readonly side: "first" | "second";
  /** What a staircase or a sweep changed. */
  readonly connections: number;
  readonly rate: number | null;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly opsPerSecond: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly reconnects: number;
  readonly preloadedKeys: number;
  readonly total: CommandResult;
  readonly commands: readonly CommandResult[];
  readonly series: readonly SecondResult[];
  readonly server: ServerUsage;
  readonly client: ClientUsage;
}

export interface CommandResult {
  readonly name: string;
  readonly count: number;
  readonly opsPerSecond: number;
  /** From sending to the reply. */
  readonly raw: Latency;
  /** From the intended start to the reply; null in a closed loop, which has none. */
  readonly corrected: Latency | null;
  /** Percent of replies that found their key; null where nothing is looked up. */
  readonly hitRate: number | null;
  readonly misses: number;
  readonly wrongReplies: number;
  readonly errors: Readonly<Record<string, number>>;
  /** By kind, what the server said the first time. */
  readonly errorTexts: Readonly<Record<string, string>>;
  /** Pairs of percentile and milliseconds, the corrected ones where there are any. */
  readonly percentiles: readonly (readonly [percent: number, latency: number])[];
}

export interface SecondResult {
  /** Seconds since the start of the measured time, at the end of the interval. */
  readonly at: number;
  readonly opsPerSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly errors: number;
}

/** What the server told of itself over the measured time; null is what it did not tell. */
export interface ServerUsage {
  /** Cores in use. */
  readonly cpu: number | null;
  /** The part of them that the thread which executes commands used; null also where there is more than one. */
  readonly mainThread: number | null;
  readonly bytesPerKey: number | null;
  readonly fragmentation: number | null;
  readonly evictedKeys: number | null;
  readonly expiredKeys: number | null;
  /** Commands that did not come from this program. */
  readonly foreignCommands: number | null;
}

export interface ClientUsage {
  /** Cores in use by the worker threads. */
  readonly cpu: number;
  /** The part of the time in which the busiest worker had something to do, from 0 to 1. */
  readonly busy: number;
  /** With a rate: how late requests were sent although a connection was free. */
  readonly lag: Latency | null;
}

export interface SweepResult {
  readonly suite: string;
  /** Operations in a second without a rate, which the search stays below. */
  readonly closedLoop: number;
  readonly limitMs: number;
  readonly steps: readonly { readonly rate: number; readonly opsPerSecond: number; readonly p99: number | null; readonly holds: boolean }[];
  /** The highest rate that held; null when none did. */
  readonly knee: number | null;
}

export interface ComparisonResult {
  readonly against: string;
  readonly suites: readonly SuiteComparison[];
}

export interface SuiteComparison {
  readonly suite: string;
  readonly metric: "opsPerSecond" | "p99";
  /** This result divided by the other one, with its 95 % confidence interval. */
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The relative difference that runs of one and the same side show, at 95 %. */
  readonly noise: number | null;
  readonly isRegression: boolean | null;
}
