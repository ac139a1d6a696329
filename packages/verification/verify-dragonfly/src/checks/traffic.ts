import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { withCache } from "@org/cache";
import { atLeast, atMost, fail, limitOf, pass, skipped, type Check, type CheckRun, type Finding } from "@org/script";
import { asking, notReported, numberOf, type CacheContext, type Fields } from "../cache-context.ts";

export const trafficChecks: readonly Check<CacheContext>[] = [
  { id: "cache.clients", title: "There is room for more clients", run: asking("read INFO clients", clientsLeft) },
  { id: "cache.hit-rate", title: "Look-ups find what they look for", run: asking("read INFO stats", hits) },
  { id: "cache.key", title: "A key with a time to live is kept and goes", run: asking("write, read and delete a temporary key", keepsKey) },
  { id: "cache.pubsub", title: "A published message arrives", run: asking("publish and subscribe", messageArrives) },
];

async function clientsLeft({ info, config }: CacheContext): Promise<Finding> {
  const clients = await info("clients");
  const [connected, most] = [numberOf(clients, "connected_clients"), numberOf(clients, "maxclients") ?? numberOf(clients, "max_clients")];
  if (connected === undefined || most === undefined || most === 0) return notReported("connected_clients and the most it takes");
  return atMost({
    value: (connected / most) * 100,
    unit: "%",
    limit: limitOf(config, "cache.clients", 80),
    evidence: `${connected} of at most ${most} clients are connected`,
    remedy: "Close idle clients (CLIENT LIST shows them), or raise maxclients.",
  });
}

async function hits({ info, config }: CacheContext): Promise<Finding> {
  return hitRateFinding(await info("stats"), config.thresholds?.["cache.hit-rate"]);
}

/** `least` is in percent; undefined where the rate is only to be told. */
export function hitRateFinding(stats: Fields, least: number | undefined): Finding {
  const [found, missed] = [numberOf(stats, "keyspace_hits"), numberOf(stats, "keyspace_misses")];
  if (found === undefined || missed === undefined) return notReported("keyspace_hits and keyspace_misses");
  const total = found + missed;
  if (total === 0) return skipped("nothing was looked up since the start");
  const rate = Math.round((found / total) * 1000) / 10;
  const evidence = `${found} of ${total} look-ups since the start found their key`;
  if (least === undefined) return pass(evidence, { value: rate, unit: "%" });
  return atLeast({
    value: rate,
    unit: "%",
    limit: { value: least, source: "config" },
    evidence,
    remedy: "Let keys live longer, raise maxmemory, or warm the cache up.",
  });
}

const lifeSeconds = 30;

async function keepsKey({ cache, info, config }: CacheContext): Promise<Finding> {
  const { role } = await info("replication").catch(ignoreRefusal);
  if (role === "slave" || role === "replica") return skipped("the server is a replica, which takes no writes");
  const key = `verify-dragonfly:${randomUUID()}`;
  const value = randomUUID();
  const started = performance.now();
  const [written, read, life] = [await cache.set(key, value, "EX", lifeSeconds, "NX"), await cache.get(key), await cache.ttl(key)];
  const ms = performance.now() - started;
  const removed = await cache.del(key);
  const problem = roundTripProblem({ written, read, value, life, removed, left: await cache.get(key) });
  if (problem !== undefined) return fail(problem, "Look into the server's log; a proxy between may be at work.");
  return atMost({
    value: ms,
    unit: "ms",
    limit: limitOf(config, "cache.key", 100),
    evidence: `written, read back with ${life} s to live, and deleted`,
    remedy: "Look at the load of the server and the distance to it.",
  });
}

/** What INFO refuses does not stop the write; the write's own answer counts. */
function ignoreRefusal(error: unknown): Fields {
  if (error instanceof Error && error.name === "ReplyError") return {};
  throw error;
}

export interface RoundTrip {
  readonly written: string | null;
  readonly read: string | null;
  readonly value: string;
  /** Seconds, as TTL gives them. */
  readonly life: number;
  readonly removed: number;
  /** What is read after the deletion. */
  readonly left: string | null;
}

export function roundTripProblem({ written, read, value, life, removed, left }: RoundTrip): string | undefined {
  if (written !== "OK") return `SET answered ${JSON.stringify(written)} instead of OK`;
  if (read !== value) return read === null ? "the key was gone right after it was written" : "another value came back than was written";
  if (life < 1 || life > lifeSeconds) return `the key was given ${lifeSeconds} s to live, and has ${life}`;
  if (removed !== 1 || left !== null) return "the key is still there after it was deleted";
  return undefined;
}

async function messageArrives({ cache, session, config }: CacheContext, { signal }: CheckRun): Promise<Finding> {
  const channel = `verify-dragonfly:${randomUUID()}`;
  const ms = await withCache(session, async (subscriber) => {
    await subscriber.subscribe(channel);
    const arrived = new Promise<number>((resolve) => subscriber.once("message", () => resolve(performance.now())));
    const started = performance.now();
    await cache.publish(channel, "verify");
    const at = await Promise.race([arrived, delay(2_000, undefined, { signal, ref: false })]);
    return at === undefined ? undefined : at - started;
  });
  if (ms === undefined) return fail("a published message did not arrive within 2 s", "Look into the server's log; a proxy between may not pass messages on.");
  return atMost({
    value: ms,
    unit: "ms",
    limit: limitOf(config, "cache.pubsub", 100),
    evidence: "published on one connection and received on another",
    remedy: "Look at the load of the server and the distance to it.",
  });
}
