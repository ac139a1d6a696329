import { withCache, type CacheClient } from "@org/cache";
import { startPrivateCache, type PrivateCache } from "@org/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dragonflyPerf } from "../index.ts";
import { parseHeldSlots } from "./cluster.ts";

let nodes: readonly [PrivateCache, PrivateCache];
beforeAll(async () => {
  const settings = { "cluster-enabled": "yes", "cluster-config-file": "nodes.conf", save: "" };
  nodes = await Promise.all([startPrivateCache({ password: null, settings }), startPrivateCache({ password: null, settings })]);
  const [one, other] = nodes;
  // The first holds few slots, so that a key of any name would rather not be its own.
  await ask(one, (client) => client.call("CLUSTER", "ADDSLOTSRANGE", 16_000, 16_383));
  await ask(other, (client) => client.call("CLUSTER", "ADDSLOTSRANGE", 0, 15_999));
  await ask(one, (client) => client.call("CLUSTER", "MEET", "127.0.0.1", other.port));
  for (const node of nodes) await ask(node, (client) => vi.waitUntil(async () => String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok"), { timeout: 60_000 }));
});
afterAll(() => Promise.all(nodes.map((node) => node.stop())));

function ask<T>(node: PrivateCache, work: (client: CacheClient) => Promise<T>): Promise<T> {
  return withCache({ url: node.url, clientName: "test" }, work);
}

const brief = { duration: "1s", warmup: "100ms", keys: 200, connections: 4, percentile: 90 } as const;

test("a node of a cluster is measured with keys that it holds, whatever commands they are for, and cleaned", async () => {
  const { data, checks } = await dragonflyPerf({ ...brief, duration: "300ms", redisUrl: nodes[0].url, suites: ["mixed", "bulk", "hash"] });
  for (const { preloadedKeys, total } of data!.runs) expect([preloadedKeys, total.errors, total.wrongReplies, total.hitRate]).toEqual([200, {}, 0, 100]);
  expect(checks.find(({ id }) => id === "perf.clean-up")).toMatchObject({ verdict: "pass" });
  expect(await ask(nodes[0], (client) => client.dbsize())).toBe(0);
});

test("redirects are counted by kind, no success, and told; keys whose slot has moved are not said to be removed", async () => {
  const [one, other] = nodes;
  const running = dragonflyPerf({ ...brief, warmup: "0s", duration: "3s", redisUrl: one.url, suites: ["get"] });
  await ask(one, async (client) => {
    await expect.poll(() => client.dbsize(), { timeout: 20_000 }).toBe(200);
    const answered = async (): Promise<number> => Number(/cmdstat_get:calls=(\d+)/u.exec(await client.info("commandstats"))?.[1] ?? 0);
    const before = await answered();
    await expect.poll(answered, { timeout: 20_000 }).toBeGreaterThan(before);
    const keys = await client.keys("*");
    const slot = (await client.call("CLUSTER", "KEYSLOT", keys[0]!)) as number;
    const destination = (await ask(other, (owner) => owner.call("CLUSTER", "MYID"))) as string;
    await ask(other, async (owner) => owner.call("CLUSTER", "SETSLOT", slot, "IMPORTING", (await client.call("CLUSTER", "MYID")) as string));
    await client.call("CLUSTER", "SETSLOT", slot, "MIGRATING", destination);
    await client.unlink(...keys);
    const asked = async (): Promise<number> => Number(/errorstat_ASK:count=(\d+)/u.exec(await client.info("errorstats"))?.[1] ?? 0);
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(0);
    for (const node of [other, one]) await ask(node, (owner) => owner.call("CLUSTER", "SETSLOT", slot, "NODE", destination));
  });
  const { data, checks, exitCode } = await running;
  const { errors, count } = data!.runs[0]!.total;
  expect([data!.validity, exitCode, errors["ASK"]! > 0, errors["MOVED"]! > 0, errors["ASK"]! + errors["MOVED"]! < count]).toEqual(["INVALID", 6, true, true, true]);
  expect(checks.find(({ id }) => id === "perf.errors")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/\d+ ASK.*\d+ MOVED/u) });
  expect(checks.find(({ id }) => id === "perf.clean-up")).toMatchObject({ verdict: "unknown", evidence: expect.stringContaining("moved the slot") });
});

test("a node without slots is refused", async () => {
  const empty = await startPrivateCache({ password: null, settings: { "cluster-enabled": "yes", "cluster-config-file": "nodes.conf" } });
  try {
    await expect(dragonflyPerf({ ...brief, redisUrl: empty.url })).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("holds no slots") });
  } finally {
    await empty.stop();
  }
});

test("reads the slots of a node, and leaves out those on their way", () => {
  const nodes = "07c3 127.0.0.1:30004@31004 slave e7d1 0 1426238317239 4 connected\ne7d1 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460 7000 [93-<-292f] [77->-e7d1]\n292f 127.0.0.1:30003@31003 master - 0 1426238318243 3 connected 10923-16383\n";
  expect(parseHeldSlots(nodes)).toEqual([[0, 5460], [7000, 7000]]);
  expect(parseHeldSlots("")).toEqual([]);
});
