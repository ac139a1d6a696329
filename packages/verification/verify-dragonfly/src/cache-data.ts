import { describeCacheUrl, serverFlavour, type ServerFlavour } from "@org/cache";
import type { CheckResult } from "@org/script";
import { numberOf, type Fields } from "./cache-context.ts";

/** What is known of the server; null is what it did not tell. Sizes are in bytes. */
export interface CacheData {
  /** `user@host:port/database`, without the password. */
  readonly target: string;
  readonly flavour: ServerFlavour["flavour"];
  readonly version: string | null;
  readonly uptimeSeconds: number | null;
  readonly threads: number | null;
  readonly role: string | null;
  readonly memory: { readonly used: number | null; readonly limit: number | null; readonly resident: number | null; readonly policy: string | null };
  readonly evictedKeys: number | null;
  readonly clients: { readonly connected: number | null; readonly limit: number | null };
  /** Milliseconds. */
  readonly latency: { readonly connect: number | null; readonly ping: number | null; readonly key: number | null; readonly pubsub: number | null };
}

export function cacheData(url: string, facts: ReadonlyMap<string, Fields>, checks: readonly CheckResult[]): CacheData {
  const [server, memory, stats, clients, replication] = ["server", "memory", "stats", "clients", "replication"].map((section) => facts.get(section) ?? {}) as [
    Fields,
    Fields,
    Fields,
    Fields,
    Fields,
  ];
  const { flavour, version } = serverFlavour({ server });
  const latency = (id: string): number | null => {
    const { value, unit } = checks.find((check) => check.id === id) ?? {};
    return typeof value === "number" && unit === "ms" ? value : null;
  };
  return {
    target: describeCacheUrl(url),
    flavour,
    version: version ?? null,
    uptimeSeconds: numberOf(server, "uptime_in_seconds") ?? null,
    threads: numberOf(server, "thread_count") ?? null,
    role: replication["role"] ?? null,
    memory: {
      used: numberOf(memory, "used_memory") ?? null,
      limit: numberOf(memory, "maxmemory") ?? null,
      resident: numberOf(memory, "used_memory_rss") ?? null,
      policy: memory["maxmemory_policy"] ?? memory["cache_mode"] ?? null,
    },
    evictedKeys: numberOf(stats, "evicted_keys") ?? null,
    clients: { connected: numberOf(clients, "connected_clients") ?? null, limit: numberOf(clients, "maxclients") ?? numberOf(clients, "max_clients") ?? null },
    latency: { connect: latency("cache.connect"), ping: latency("cache.ping"), key: latency("cache.key"), pubsub: latency("cache.pubsub") },
  };
}
