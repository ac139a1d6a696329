import { atMost, fail, limitOf, pass, warn, type Check, type Finding, type Limit } from "@org/script";
import { asking, notReported, numberOf, type CacheContext, type Fields } from "../cache-context.ts";

export const durabilityChecks: readonly Check<CacheContext>[] = [
  { id: "cache.persistence", title: "What is to be kept reaches the disk", run: asking("read INFO persistence", reachesDisk) },
  { id: "cache.replication", title: "The server is a primary, or a replica in touch with it", run: asking("read INFO replication", inTouch) },
];

async function reachesDisk({ cache, info, config }: CacheContext): Promise<Finding> {
  const [server, persistence] = [await info("server"), await info("persistence")];
  const snapshots = await snapshotsConfigured(cache, server["dragonfly_version"] !== undefined);
  return persistenceFinding(persistence, { snapshots, now: Date.now() / 1000, limit: limitOf(config, "cache.persistence", 86_400) });
}

/** Undefined where the server does not tell. */
async function snapshotsConfigured(cache: CacheContext["cache"], dragonfly: boolean): Promise<boolean | undefined> {
  const setting = dragonfly ? "snapshot_cron" : "save";
  try {
    const [, value] = await cache.config("GET", setting);
    return value === undefined ? undefined : value !== "";
  } catch (error) {
    // CONFIG is often forbidden or renamed; the age of the last snapshot is then judged as if snapshots were wanted.
    if (error instanceof Error && error.name === "ReplyError") return undefined;
    throw error;
  }
}

export interface PersistencePolicy {
  /** Whether snapshots are configured; undefined where that is not known. */
  readonly snapshots: boolean | undefined;
  /** Seconds since 1970. */
  readonly now: number;
  /** The age in seconds that unsaved changes may reach. */
  readonly limit: Limit;
}

/** Reads the names that Redis and Valkey use and those of Dragonfly. */
export function persistenceFinding(fields: Fields, policy: PersistencePolicy): Finding {
  const savedAt = numberOf(fields, "rdb_last_save_time") ?? numberOf(fields, "last_success_save");
  const changes = numberOf(fields, "rdb_changes_since_last_save") ?? numberOf(fields, "rdb_changes_since_last_success_save");
  if (savedAt === undefined || changes === undefined) return notReported("the last save and the changes since then");
  if (fields["loading"] === "1") return fail("the server is still loading its data", "Wait until it has loaded, then run this again.");
  const failure = lastFailure(fields);
  if (failure !== undefined) return fail(failure, "Look for free disk space, the rights of the data folder and into the server's log.");
  if (fields["aof_enabled"] === "1") return pass("every write goes to the append-only file, and the last one succeeded");
  if (policy.snapshots === false) return pass("neither snapshots nor an append-only file are configured: a restart begins empty");
  return snapshotAge({ savedAt, changes }, policy);
}

function lastFailure(fields: Fields): string | undefined {
  const failed = ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"].find((name) => (fields[name] ?? "ok") !== "ok");
  if (failed !== undefined) return `the last attempt to write to disk failed: ${failed} is ${fields[failed]}`;
  const [succeededAt, failedAt] = [numberOf(fields, "last_success_save") ?? 0, numberOf(fields, "last_failed_save") ?? 0];
  return failedAt > succeededAt ? `the last snapshot failed: ${fields["last_error"] || "the server gives no reason"}` : undefined;
}

function snapshotAge({ savedAt, changes }: { readonly savedAt: number; readonly changes: number }, { snapshots, now, limit }: PersistencePolicy): Finding {
  const doubt = snapshots === undefined ? "; whether snapshots are configured is not known, because CONFIG is refused" : "";
  if (changes === 0) return pass(`there is no change since the last snapshot${doubt}`);
  return atMost({
    value: Math.max(0, now - savedAt),
    unit: "s",
    limit,
    evidence: savedAt === 0 ? `nothing was saved yet, with ${changes} changes since the start${doubt}` : `${changes} changes are newer than the last snapshot${doubt}`,
    remedy: "Save more often (save in redis.conf, --snapshot_cron for Dragonfly), or switch the append-only file on.",
  });
}

async function inTouch({ info }: CacheContext): Promise<Finding> {
  return replicationFinding(await info("replication"));
}

export function replicationFinding(fields: Fields): Finding {
  const { role } = fields;
  if (role === undefined) return notReported("its role");
  return role === "master" ? primaryFinding(fields) : replicaFinding(fields);
}

function primaryFinding(fields: Fields): Finding {
  const replicas = Object.entries(fields).filter(([name]) => /^slave\d+$/.test(name));
  const away = replicas.filter(([, state]) => !/\bstate=(online|stable_sync)\b/.test(state));
  if (away.length > 0) {
    return warn(
      `${away.length} of ${replicas.length} replicas are not in sync: ${away.map(([, state]) => state).join("; ")}`,
      "Look into the logs of these replicas.",
    );
  }
  return pass(replicas.length === 0 ? "a primary without replicas" : `a primary, with ${replicas.length} replicas in sync`);
}

function replicaFinding(fields: Fields): Finding {
  const primary = `${fields["master_host"] ?? "an unnamed host"}:${fields["master_port"] ?? "?"}`;
  if (fields["master_link_status"] !== "up") {
    return fail(
      `a replica that has lost its primary ${primary}: its data grows old`,
      "Bring the primary or the network back, or let REDIS_URL name another server.",
    );
  }
  const heard = numberOf(fields, "master_last_io_seconds_ago");
  return warn(
    `a replica of ${primary}${heard === undefined ? "" : `, heard of ${heard} s ago`}: it takes no writes`,
    "Let REDIS_URL name the primary when the application writes.",
  );
}
