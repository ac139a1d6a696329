import type { CommandPlan, Expectation, WeightedSize } from "./engine/load-plan.ts";

/** One load: the commands, and what each key holds before it begins. */
export interface Suite {
  readonly name: string;
  readonly commands: readonly CommandPlan[];
  /** Run once for each key before the load; the keys then expire by themselves. Empty where keys need not exist. */
  readonly preload: readonly CommandPlan[];
  /** Whether every key that is read is there. */
  readonly expectsHits: boolean;
  /** Whether keys expire while the load runs, as a part of it. */
  readonly expires: boolean;
  /** Whether the commands are somebody's own, so that the server is asked which keys they touch. */
  readonly isCustom: boolean;
}

export interface SuiteOptions {
  readonly sizes: readonly WeightedSize[];
  /** Seconds after which every key is gone, whatever happens to this program. */
  readonly ttlSeconds: number;
  /** Weights of writes and reads. */
  readonly ratio: { readonly writes: number; readonly reads: number };
}

type Make = (options: SuiteOptions) => Omit<Suite, "name" | "isCustom">;

const status: Expectation = { kinds: ["status"], nullIsMiss: false };
const integer: Expectation = { kinds: ["integer"], nullIsMiss: false };
const list: Expectation = { kinds: ["array"], nullIsMiss: false };
const text: Expectation = { kinds: ["bulk"], nullIsMiss: true };

function command(words: string, { sizes }: SuiteOptions, { expect, weight = 1 }: { readonly expect: Expectation; readonly weight?: number }): CommandPlan {
  const split = words.split(" ");
  return { name: split[0]!, weight, words: split, sizes, expect };
}

function lengths(sizes: readonly WeightedSize[]): Expectation["length"] {
  return { min: Math.min(...sizes.map(({ bytes }) => bytes)), max: Math.max(...sizes.map(({ bytes }) => bytes)) };
}

const set = (options: SuiteOptions, weight = 1): CommandPlan => command(`SET __key__ __data__ EX ${options.ttlSeconds}`, options, { expect: status, weight });
const get = (options: SuiteOptions, weight = 1): CommandPlan => command("GET __key__", options, { expect: { ...text, length: lengths(options.sizes) }, weight });
const expire = (options: SuiteOptions): CommandPlan => command(`EXPIRE __key__ ${options.ttlSeconds}`, options, { expect: integer });
const plain = { expectsHits: true, expires: false };

// No suite empties a collection: the server would remove the key, and the next write would make it without an expiry.
const suites: Readonly<Record<string, Make>> = {
  set: (options) => ({ ...plain, preload: [], commands: [set(options)] }),
  get: (options) => ({ ...plain, preload: [set(options)], commands: [get(options)] }),
  mixed: (options) => ({ ...plain, preload: [set(options)], commands: [set(options, options.ratio.writes), get(options, options.ratio.reads)] }),
  bulk: (options) => ({
    ...plain,
    preload: [set(options)],
    commands: [command("MGET __key__ __key__ __key__ __key__ __key__ __key__ __key__ __key__", options, { expect: list }), command("GETRANGE __key__ 0 15", options, { expect: text })],
  }),
  hash: (options) => ({
    ...plain,
    preload: [command("HSET __key__ field __data__", options, { expect: integer }), expire(options)],
    commands: [command("HSET __key__ field __data__", options, { expect: integer }), command("HGET __key__ field", options, { expect: text }), command("HINCRBY __key__ counter 1", options, { expect: integer })],
  }),
  list: (options) => ({
    ...plain,
    preload: [command("RPUSH __key__ __data__", options, { expect: integer }), expire(options)],
    commands: [command("LPUSH __key__ __data__", options, { expect: integer, weight: 2 }), command("LRANGE __key__ 0 9", options, { expect: list }), command("LTRIM __key__ 0 99", options, { expect: status })],
  }),
  zset: (options) => ({
    ...plain,
    preload: [command("ZADD __key__ 0 member", options, { expect: integer }), expire(options)],
    commands: [
      command("ZADD __key__ __rand__ member", options, { expect: integer }),
      command("ZINCRBY __key__ 1 counter", options, { expect: { kinds: ["bulk", "double"], nullIsMiss: false } }),
      command("ZRANGE __key__ 0 9", options, { expect: list }),
    ],
  }),
  stream: (options) => ({
    ...plain,
    preload: [command("XADD __key__ * field __data__", options, { expect: text }), expire(options)],
    commands: [command("XADD __key__ MAXLEN ~ 100 * field __data__", options, { expect: { ...text, nullIsMiss: false } }), command("XRANGE __key__ - + COUNT 10", options, { expect: list })],
  }),
  pubsub: (options) => ({ ...plain, expectsHits: false, preload: [], commands: [command("PUBLISH __key__ __data__", options, { expect: integer })] }),
  json: (options) => ({
    ...plain,
    preload: [command('JSON.SET __key__ $ {"n":0,"s":"__data__"}', options, { expect: status }), expire(options)],
    commands: [command("JSON.GET __key__ $.n", options, { expect: text }), command('JSON.SET __key__ $.s "__data__"', options, { expect: status })],
  }),
  del: (options) => ({ ...plain, expectsHits: false, preload: [set(options)], commands: [set(options), command("DEL __key__", options, { expect: integer })] }),
  expiry: (options) => ({
    ...plain,
    expectsHits: false,
    expires: true,
    preload: [],
    commands: [command("SET __key__ __data__ PX 200", options, { expect: status }), command("GET __key__", options, { expect: text }), command("PTTL __key__", options, { expect: integer })],
  }),
};

const suiteNames = Object.keys(suites);

/** Makes a built-in suite. Throws an Error for a name that there is not. */
export function makeSuite(name: string, options: SuiteOptions): Suite {
  const make = suites[name];
  if (make === undefined) throw new Error(`there is no suite ${JSON.stringify(name)}; there are ${suiteNames.join(", ")}`);
  return { name, isCustom: false, ...make(options) };
}

/** A suite of one command in the user's words; any reply but an error is a success, and a null is a missed key. */
export function makeCustomSuite(name: string, { words, preload }: { readonly words: readonly string[]; readonly preload: readonly (readonly string[])[] }, options: SuiteOptions): Suite {
  const anything: Expectation = { kinds: ["status", "integer", "bulk", "array", "double", "boolean"], nullIsMiss: true };
  const plan = (of: readonly string[]): CommandPlan => ({ name: of[0]!.toUpperCase(), weight: 1, words: of, sizes: options.sizes, expect: anything });
  return { name, commands: [plan(words)], preload: preload.length === 0 ? [] : [...preload.map(plan), expire(options)], expectsHits: preload.length > 0, expires: false, isCustom: true };
}
