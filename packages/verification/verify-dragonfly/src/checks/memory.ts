import { serverFlavour } from "@org/cache";
import { atMost, fail, limitOf, pass, skipped, warn, type Check, type Finding } from "@org/script";
import { asking, bytes, notReported, numberOf, type CacheContext, type Fields } from "../cache-context.ts";

const mebibyte = 1024 ** 2;

export const memoryChecks: readonly Check<CacheContext>[] = [
  { id: "cache.memory", title: "Memory has a limit and room below it", run: asking("read INFO memory", roomLeft) },
  { id: "cache.eviction", title: "A full memory is handled as planned", run: asking("read INFO memory", evictsAsPlanned) },
  { id: "cache.fragmentation", title: "Resident memory stays near what is used", run: asking("read INFO memory", fragmentation) },
  { id: "cache.threads", title: "Memory is enough for a restart with these threads", run: asking("read INFO server", threadsFit) },
];

async function roomLeft({ info, config }: CacheContext): Promise<Finding> {
  const memory = await info("memory");
  const [used, most] = [numberOf(memory, "used_memory"), numberOf(memory, "maxmemory")];
  if (used === undefined || most === undefined) return notReported("used_memory and maxmemory");
  if (most === 0) {
    return warn(
      `${bytes(used)} are in use and nothing limits it: the host runs out of memory before the cache does`,
      "Set maxmemory, such as CONFIG SET maxmemory 512mb, and keep it in the server's configuration.",
    );
  }
  return atMost({
    value: (used / most) * 100,
    unit: "%",
    limit: limitOf(config, "cache.memory", 90),
    evidence: `${bytes(used)} of ${bytes(most)} are in use`,
    remedy: "Raise maxmemory, give keys a shorter life, or choose an eviction policy.",
  });
}

async function evictsAsPlanned({ info, config }: CacheContext): Promise<Finding> {
  return evictionFinding(await info("memory"), await info("stats"), config.thresholds?.["cache.eviction"]);
}

/** `most` is how many evicted keys are accepted; undefined for any number, as a cache may be meant to evict. */
export function evictionFinding(memory: Fields, stats: Fields, most: number | undefined): Finding {
  const limit = numberOf(memory, "maxmemory");
  const policy = memory["maxmemory_policy"] ?? memory["cache_mode"];
  const evicted = numberOf(stats, "evicted_keys");
  if (limit === undefined || policy === undefined || evicted === undefined) return notReported("maxmemory, its policy or evicted_keys");
  if (limit === 0) return skipped("memory has no limit, so nothing is evicted");
  const refused = numberOf(stats, "oom_rejections") ?? 0;
  const keepsAll = policy === "noeviction" || memory["cache_mode"] === "store";
  if (keepsAll && (numberOf(memory, "used_memory") ?? 0) >= limit) {
    return fail(
      `memory is full and the policy is ${policy}: writes are refused`,
      "Raise maxmemory, remove keys, or let the server evict (allkeys-lru; Dragonfly: --cache_mode).",
    );
  }
  if (refused > 0) {
    return warn(
      `${refused} writes were refused for lack of memory since the start`,
      "Raise maxmemory, or let the server evict.",
      { value: refused, unit: "count" },
    );
  }
  const evidence = `the policy is ${policy}; ${evicted} keys were evicted since the start`;
  if (most === undefined) return pass(evidence, { value: evicted, unit: "count" });
  return atMost({ value: evicted, unit: "count", limit: { value: most, source: "config" }, evidence, remedy: "Raise maxmemory, or give keys a shorter life." });
}

async function fragmentation({ info, config }: CacheContext): Promise<Finding> {
  return fragmentationFinding(await info("memory"), limitOf(config, "cache.fragmentation", 1.5));
}

/** An empty server's resident memory is the program itself, so the ratio means something from 64 MB on. */
export function fragmentationFinding(memory: Fields, limit: { readonly value: number; readonly source: string }): Finding {
  const [used, resident] = [numberOf(memory, "used_memory"), numberOf(memory, "used_memory_rss")];
  if (used === undefined || resident === undefined) return notReported("used_memory and used_memory_rss");
  if (used < 64 * mebibyte) return skipped(`${bytes(used)} are too little for the ratio to mean anything`);
  return atMost({
    value: resident / used,
    unit: "x",
    limit,
    evidence: `${bytes(resident)} are resident for ${bytes(used)} in use`,
    remedy: "Restart the server in a quiet hour, or switch active defragmentation on (CONFIG SET activedefrag yes).",
  });
}

async function threadsFit({ info }: CacheContext): Promise<Finding> {
  const server = await info("server");
  if (serverFlavour({ server }).flavour !== "dragonfly") return skipped("only Dragonfly needs memory for each thread");
  return threadsFinding(server, await info("memory"));
}

/** Dragonfly refuses to start with less than 256 MB for each thread. */
export function threadsFinding(server: Fields, memory: Fields): Finding {
  const [threads, limit] = [numberOf(server, "thread_count"), numberOf(memory, "maxmemory")];
  if (threads === undefined || limit === undefined) return notReported("thread_count and maxmemory");
  const needed = threads * 256 * mebibyte;
  const evidence = `${threads} threads need ${bytes(needed)}, maxmemory is ${bytes(limit)}`;
  return limit >= needed ? pass(evidence) : fail(
    evidence,
    `Raise --maxmemory to ${bytes(needed)}, or lower --proactor_threads; else the server does not start again.`,
  );
}
