import { expect, test } from "vitest";
import { bytes, isLocal, type Fields } from "../cache-context.ts";
import { persistenceFinding, replicationFinding } from "./durability.ts";
import { evictionFinding, fragmentationFinding, threadsFinding } from "./memory.ts";
import { hitRateFinding, roundTripProblem } from "./traffic.ts";

const megabyte = 1024 ** 2;
const now = 1_750_000_000;

test.each<[string, Fields, Fields, number | undefined, string, RegExp]>([
  ["evicting", { maxmemory: "10", used_memory: "9", maxmemory_policy: "allkeys-lru" }, { evicted_keys: "7" }, undefined, "pass", /allkeys-lru; 7 keys/],
  ["evicting more than accepted", { maxmemory: "10", used_memory: "9", maxmemory_policy: "allkeys-lru" }, { evicted_keys: "7" }, 6, "fail", /7 keys/],
  ["full and keeping all", { maxmemory: "10", used_memory: "10", maxmemory_policy: "noeviction" }, { evicted_keys: "0" }, undefined, "fail", /writes are refused/],
  ["a full Dragonfly store", { maxmemory: "10", used_memory: "10", cache_mode: "store" }, { evicted_keys: "0" }, undefined, "fail", /policy is store/],
  ["writes once refused", { maxmemory: "10", used_memory: "2", cache_mode: "store" }, { evicted_keys: "0", oom_rejections: "3" }, undefined, "warn", /3 writes/],
  ["no limit", { maxmemory: "0", maxmemory_policy: "noeviction" }, { evicted_keys: "0" }, undefined, "skipped", /no limit/],
  ["fields left out", { maxmemory: "10" }, {}, undefined, "unknown", /does not report/],
])("eviction, %s", (_, memory, stats, most, verdict, evidence) => {
  expect(evictionFinding(memory, stats, most)).toMatchObject({ verdict, evidence: expect.stringMatching(evidence) });
});

test.each([
  [100, 120, "pass"],
  [100, 160, "warn"],
  [1, 20, "skipped"],
])("fragmentation with %d MB in use and %d MB resident is a %s", (used, resident, verdict) => {
  const memory = { used_memory: String(used * megabyte), used_memory_rss: String(resident * megabyte) };
  expect(fragmentationFinding(memory, { value: 1.5, source: "default" }).verdict).toBe(verdict);
});

test("fragmentation of a server that does not tell is unknown", () => {
  expect(fragmentationFinding({ used_memory: "1" }, { value: 1.5, source: "default" }).verdict).toBe("unknown");
});

test.each([
  ["4", 1024, "pass"],
  ["4", 1023, "fail"],
  ["", 1024, "unknown"],
])("Dragonfly with %s threads and %d MB: %s", (threads, limit, verdict) => {
  expect(threadsFinding({ thread_count: threads }, { maxmemory: String(limit * megabyte) }).verdict).toBe(verdict);
});

test.each<[string, Fields, boolean | undefined, string, RegExp]>([
  [
    "Redis with an append-only file",
    { rdb_last_save_time: "1", rdb_changes_since_last_save: "9", aof_enabled: "1", aof_last_write_status: "ok" },
    true,
    "pass",
    /append-only/,
  ],
  [
    "an append-only file that cannot be written",
    { rdb_last_save_time: "1", rdb_changes_since_last_save: "9", aof_enabled: "1", aof_last_write_status: "err" },
    true,
    "fail",
    /aof_last_write_status is err/,
  ],
  ["a failed snapshot", { rdb_last_save_time: "1", rdb_changes_since_last_save: "9", rdb_last_bgsave_status: "err" }, true, "fail", /rdb_last_bgsave_status/],
  ["nothing configured", { rdb_last_save_time: "1", rdb_changes_since_last_save: "9" }, false, "pass", /begins empty/],
  ["fresh snapshot", { rdb_last_save_time: String(now - 60), rdb_changes_since_last_save: "9" }, true, "pass", /9 changes/],
  ["old snapshot", { rdb_last_save_time: String(now - 90_000), rdb_changes_since_last_save: "9" }, true, "warn", /9 changes/],
  ["old snapshot, CONFIG refused", { rdb_last_save_time: String(now - 90_000), rdb_changes_since_last_save: "9" }, undefined, "warn", /CONFIG is refused/],
  ["old snapshot without a change", { rdb_last_save_time: "1", rdb_changes_since_last_save: "0" }, true, "pass", /no change/],
  ["loading", { rdb_last_save_time: "1", rdb_changes_since_last_save: "0", loading: "1" }, true, "fail", /loading/],
  ["Dragonfly, saved", { last_success_save: String(now - 60), last_failed_save: "0", rdb_changes_since_last_success_save: "3" }, true, "pass", /3 changes/],
  [
    "Dragonfly, failed after the last success",
    { last_success_save: "10", last_failed_save: "20", last_error: "no space left", rdb_changes_since_last_success_save: "3" },
    true,
    "fail",
    /no space left/,
  ],
  ["Dragonfly, never saved", { last_success_save: "0", last_failed_save: "0", rdb_changes_since_last_success_save: "3" }, true, "warn", /nothing was saved yet/],
  ["fields left out", {}, true, "unknown", /does not report/],
])("persistence, %s", (_, fields, snapshots, verdict, evidence) => {
  const found = persistenceFinding(fields, { snapshots, now, limit: { value: 86_400, source: "default" } });
  expect(found).toMatchObject({ verdict, evidence: expect.stringMatching(evidence) });
});

test.each<[Fields, string, RegExp]>([
  [{ role: "master", connected_slaves: "0" }, "pass", /without replicas/],
  [{ role: "master", slave0: "ip=10.0.0.2,port=6379,state=online,offset=1,lag=0" }, "pass", /1 replicas in sync/],
  [{ role: "master", slave0: "ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=0" }, "warn", /1 of 1 replicas/],
  [{ role: "slave", master_host: "a", master_port: "1", master_link_status: "up", master_last_io_seconds_ago: "2" }, "warn", /takes no writes/],
  [{ role: "replica", master_host: "a", master_port: "1", master_link_status: "down" }, "fail", /lost its primary a:1/],
  [{}, "unknown", /its role/],
])("replication %j is a %s", (fields, verdict, evidence) => {
  expect(replicationFinding(fields)).toMatchObject({ verdict, evidence: expect.stringMatching(evidence) });
});

test.each<[Fields, number | undefined, string]>([
  [{ keyspace_hits: "9", keyspace_misses: "1" }, undefined, "pass"],
  [{ keyspace_hits: "9", keyspace_misses: "1" }, 90, "pass"],
  [{ keyspace_hits: "9", keyspace_misses: "1" }, 91, "fail"],
  [{ keyspace_hits: "0", keyspace_misses: "0" }, 91, "skipped"],
  [{}, undefined, "unknown"],
])("hit rate %j with at least %s: %s", (stats, least, verdict) => {
  expect(hitRateFinding(stats, least).verdict).toBe(verdict);
});

const good = { written: "OK", read: "v", value: "v", life: 30, removed: 1, left: null };

test.each([
  [{}, undefined],
  [{ written: null }, /SET answered null/],
  [{ read: null }, /gone/],
  [{ read: "w" }, /another value/],
  [{ life: -1 }, /has -1/],
  [{ life: 31 }, /has 31/],
  [{ removed: 0 }, /still there/],
  [{ left: "v" }, /still there/],
])("a round trip with %j", (changes, problem) => {
  const found = roundTripProblem({ ...good, ...changes });
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(problem);
});

test("sizes and addresses", () => {
  expect([0, 1023, 1536, 512 * megabyte].map(bytes)).toEqual(["0 B", "1023 B", "1.5 KB", "512 MB"]);
  expect(["redis://localhost", "redis://127.0.0.1:1", "redis://[::1]:1", "unix:///run/a.sock"].every(isLocal)).toBe(true);
  expect(["redis://cache", "redis://10.0.0.1", "rediss://127.example.org"].some(isLocal)).toBe(false);
});
