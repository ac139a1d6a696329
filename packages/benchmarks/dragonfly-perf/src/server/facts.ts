import { readInfo, serverFlavour, type CacheClient, type CacheInfo } from "@org/cache";
import type { Fingerprint } from "../result.ts";
import { heldTag } from "./cluster.ts";

/** What a server tells of itself at one moment; null is what it does not tell. */
export interface ServerFacts {
  /** Milliseconds since the epoch, steady. */
  readonly at: number;
  /** Seconds of processor time. */
  readonly cpu: number | null;
  /** The part of it that the thread which executes commands used, where the server has one and tells (Redis 7 and Valkey). */
  readonly mainThread: number | null;
  readonly usedMemory: number | null;
  readonly residentMemory: number | null;
  readonly evictedKeys: number | null;
  readonly expiredKeys: number | null;
  readonly commands: number | null;
}

const sections = ["cpu", "memory", "stats"];

/** Requests that reading the facts costs, for those who count. */
export const requestsOfFacts: number = sections.length;

export async function readFacts(client: CacheClient): Promise<ServerFacts> {
  const info = await readInfo(client, sections);
  const number = (section: string, field: string): number | null => numberOf(info, section, field);
  const sum = (...fields: readonly [string, string]): number | null => {
    const [user, system] = fields.map((field) => number("cpu", field)) as [number | null, number | null];
    return user === null || system === null ? null : user + system;
  };
  return {
    at: performance.timeOrigin + performance.now(),
    cpu: sum("used_cpu_user", "used_cpu_sys"),
    mainThread: sum("used_cpu_user_main_thread", "used_cpu_sys_main_thread"),
    usedMemory: number("memory", "used_memory"),
    residentMemory: number("memory", "used_memory_rss"),
    evictedKeys: number("stats", "evicted_keys"),
    expiredKeys: number("stats", "expired_keys"),
    commands: number("stats", "total_commands_processed"),
  };
}

/** What decides whether this server may be loaded. */
export interface ServerState {
  readonly server: Fingerprint["server"];
  readonly isReplica: boolean;
  readonly usedMemory: number | null;
  /** Keys in all databases. */
  readonly keys: number;
  /** What the names of keys begin with so that a node of a cluster holds them all; empty elsewhere. */
  readonly keyTag: string;
}

export async function readState(client: CacheClient): Promise<ServerState> {
  const info = await readInfo(client, ["server", "memory", "replication", "keyspace", "cluster"]);
  const { flavour, version } = serverFlavour(info);
  const keyspace = Object.values(info["keyspace"] ?? {}).map((text) => Number(/keys=(\d+)/u.exec(text)?.[1] ?? 0));
  return {
    server: {
      flavour,
      version: version ?? null,
      threads: numberOf(info, "server", "thread_count") ?? (await configuredThreads(client)),
      maxmemory: numberOf(info, "memory", "maxmemory"),
      policy: info["memory"]?.["maxmemory_policy"] ?? info["memory"]?.["cache_mode"] ?? null,
      os: info["server"]?.["os"] ?? null,
    },
    isReplica: /^(slave|replica)$/u.test(info["replication"]?.["role"] ?? ""),
    usedMemory: numberOf(info, "memory", "used_memory"),
    keys: keyspace.reduce((sum, count) => sum + count, 0),
    keyTag: await heldTag(client, info),
  };
}

/** Those of Redis and Valkey, which only their configuration names; null for an account that may not read it. */
async function configuredThreads(client: CacheClient): Promise<number | null> {
  try {
    const [, threads] = (await client.call("CONFIG", "GET", "io-threads")) as string[];
    return threads === undefined ? null : Number(threads);
  } catch (error) {
    if (/NOPERM|unknown|not supported|disabled/iu.test((error as Error).message)) return null;
    throw error;
  }
}

function numberOf(info: CacheInfo, section: string, field: string): number | null {
  const text = info[section]?.[field]?.trim() ?? "";
  const number = Number(text);
  return text === "" || Number.isNaN(number) ? null : number;
}
