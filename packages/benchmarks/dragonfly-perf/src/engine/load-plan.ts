/** What one worker is to do; plain data, because it crosses a thread border. */
export interface LoadPlan {
  readonly address: ServerAddress;
  readonly commands: readonly CommandPlan[];
  readonly keys: KeyPlan;
  readonly connections: number;
  /** Requests that one connection has under way. */
  readonly pipeline: number;
  readonly seed: number;
  readonly client: "raw" | "ioredis";
  readonly model: ClosedLoop | OpenLoop | OncePerKey;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly socket: string | undefined;
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly protocol: 2 | 3;
}

export interface CommandPlan {
  /** How the result calls it, such as "GET". */
  readonly name: string;
  readonly weight: number;
  /** Words with the placeholders `__key__`, `__data__` and `__rand__`. */
  readonly words: readonly string[];
  /** Sizes in bytes of `__data__`, with their weights; ignored by commands without data. */
  readonly sizes: readonly WeightedSize[];
  readonly expect: Expectation;
}

export interface WeightedSize {
  readonly bytes: number;
  readonly weight: number;
}

/** Which replies are a success. */
export interface Expectation {
  readonly kinds: readonly ReplyKind[];
  /** Whether a null is a missed key, which is counted and no failure of the reply. */
  readonly nullIsMiss: boolean;
  /** Bounds of the length of a bulk string. */
  readonly length?: { readonly min: number; readonly max: number } | undefined;
}

export type ReplyKind = "status" | "integer" | "bulk" | "array" | "double" | "boolean";

export type Distribution = "uniform" | "zipf" | "gaussian" | "sequential";

export interface KeyPlan {
  readonly prefix: string;
  readonly count: number;
  readonly distribution: Distribution;
  /** The exponent of zipf. */
  readonly exponent: number;
  /** The standard deviation of gaussian, as a part of the key space. */
  readonly deviation: number;
  /** Where this worker begins in a sequential walk, and the keys that it skips at each step. */
  readonly first: number;
  readonly step: number;
}

/** As fast as replies come. */
interface ClosedLoop {
  readonly kind: "closed";
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** At a rate, with latency from the intended start of each request. */
export interface OpenLoop {
  readonly kind: "open";
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Requests in a second of this worker. */
  readonly rate: number;
  /** Sleeping costs less processor time, spinning adds no latency of its own. */
  readonly pacing: "spin" | "sleep";
  /** Time that late replies get at the end. */
  readonly drainMs: number;
}

/** Each key of the plan once, for preload. */
interface OncePerKey {
  readonly kind: "once";
}

/** The digits that the number of a key has in its name. */
export function keyDigits({ count }: { readonly count: number }): number {
  return String(Math.max(0, count - 1)).length;
}

/** The name of a key, as the engine writes it into its requests. */
export function keyName(keys: { readonly prefix: string; readonly count: number }, index: number): string {
  return keys.prefix + String(index).padStart(keyDigits(keys), "0");
}
