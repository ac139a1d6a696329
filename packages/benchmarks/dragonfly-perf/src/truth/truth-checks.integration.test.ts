import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withCache, type CacheClient } from "@org/cache";
import type { Report } from "@org/script";
import { startPrivateCache, startProcess, withTempFolder, type PrivateCache } from "@org/testkit";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { dragonflyPerf, type BenchmarkData } from "../index.ts";
import * as machineFacts from "../machine.ts";
import { withDelayingProxy } from "../testing/delaying-proxy.ts";

// What surrounds a run, caused on purpose; what the server does is caused in the tests of the whole benchmark.
let cache: PrivateCache;
beforeAll(async () => {
  cache = await startPrivateCache({ password: null, settings: { save: "" } });
});
afterAll(() => cache.stop());
afterEach(() => vi.restoreAllMocks());

const brief = { duration: "1s", warmup: "100ms", keys: 500, connections: 4, percentile: 90, suites: ["get"] } as const;

function ask<T>(work: (client: CacheClient) => Promise<T>): Promise<T> {
  return withCache({ url: cache.url, clientName: "test" }, work);
}

function expectInvalid({ checks, data, exitCode }: Report<BenchmarkData | null>, id: string, evidence: RegExp): void {
  expect(checks.find((check) => check.id === id)).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(evidence) });
  expect([data!.validity, exitCode]).toEqual(["INVALID", 6]);
  expect(data!.reasons).toContainEqual(expect.stringMatching(evidence));
}

/** Resolves when the server has answered reads of the run. */
async function underLoad(client: CacheClient): Promise<void> {
  const reads = async (): Promise<number> => Number(/cmdstat_get:calls=(\d+)/u.exec(await client.info("commandstats"))?.[1] ?? 0);
  const before = await reads();
  await expect.poll(reads, { timeout: 20_000 }).toBeGreaterThan(before);
}

test("a generator that is the limit: a client library that keeps this program busy before a server that rests", { timeout: 240_000 }, async () => {
  const run = (): Promise<Report<BenchmarkData | null>> => dragonflyPerf({ ...brief, redisUrl: cache.url, client: "ioredis", connections: 50, pipeline: 50 });
  let report = await run();
  expect(report.data!.fingerprint.server.threads).toBe(1);
  // Where other programs take the server's processor, this one rests meanwhile and is no limit: until they let it.
  while (report.data!.runs[0]!.client.busy < 0.95) report = await run();
  expectInvalid(report, "perf.generator", /busy all the time/u);
});

test("a server that keeps this program waiting is no limit of this program, also where it waits without sleeping", async () => {
  await withDelayingProxy(cache.port, 40, async (port) => {
    const { data, checks } = await dragonflyPerf({ ...brief, redisUrl: `redis://127.0.0.1:${port}`, pipeline: 16 });
    const [{ client, server }] = data!.runs as [BenchmarkData["runs"][number]];
    expect([client.busy < 0.75, server.cpu! < 0.75], JSON.stringify(client)).toEqual([true, true]);
    expect(checks.find(({ id }) => id === "perf.generator")).toMatchObject({ verdict: "pass", evidence: expect.stringContaining("rested") });
  });
});

test("requests that an event loop sends late: timers that sleep through their time", { timeout: 240_000 }, async () => {
  const run = (): Promise<Report<BenchmarkData | null>> => dragonflyPerf({ ...brief, redisUrl: cache.url, rate: 4_000, pacing: "sleep", connections: 50 });
  let report = await run();
  // Where other programs take the processors, the replies are later still, and the timers only worth a warning: until they let them.
  while (report.checks.find(({ id }) => id === "perf.generator")?.verdict === "warn") report = await run();
  expectInvalid(report, "perf.generator", /ms late.*that latency is this program's/u);
});

test("a clock that is set during the run (Date.now steps)", async () => {
  const running = dragonflyPerf({ ...brief, redisUrl: cache.url });
  await ask(underLoad);
  const real = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => real() + 5_000);
  expectInvalid(await running, "perf.clock", /was set by (?:49|50)\d\d(?:\.\d)? ms/u);
});

test.each([
  ["swaps", "cpu 100 0 100 800 0 0 0 0\n", "pswpin 10\npswpout 500\n", /swapped 500 pages/u],
  ["loses processor time to others", "cpu 100 0 100 1700 0 0 0 100\n", "pswpin 10\npswpout 0\n", /gave 10 % of the processor time to others/u],
])("a machine that %s (files in place of /proc)", async (_, stat, vmstat, evidence) => {
  await withTempFolder(async (proc) => {
    const write = async (facts: readonly [stat: string, vmstat: string]): Promise<void> => {
      await mkdir(proc, { recursive: true });
      await writeFile(join(proc, "stat"), facts[0]);
      await writeFile(join(proc, "vmstat"), facts[1]);
    };
    await write(["cpu 100 0 100 800 0 0 0 0\n", "pswpin 10\npswpout 0\n"]);
    const read = machineFacts.readMachine;
    let times = 0;
    vi.spyOn(machineFacts, "readMachine").mockImplementation(async () => {
      if (times++ === 1) await write([stat, vmstat]);
      return read(proc);
    });
    expectInvalid(await dragonflyPerf({ ...brief, duration: "300ms", redisUrl: cache.url }), "perf.machine", evidence);
  });
});

test("other programs that leave no core free", async () => {
  const busy = Array.from({ length: machineFacts.coresHere() }, () => startProcess("sh", ["-c", "while :; do :; done"]));
  try {
    expectInvalid(await dragonflyPerf({ ...brief, redisUrl: cache.url }), "perf.machine", /busy with something else: other programs used [\d.]+ of the machine's \d+ cores and left none free/u);
  } finally {
    for (const each of busy) each.kill("SIGKILL");
    await Promise.all(busy.map(({ done }) => done));
  }
});

test("connections that the server drops are opened again, counted and told; what was under way counts as lost", async () => {
  const running = dragonflyPerf({ ...brief, duration: "2s", warmup: "0s", redisUrl: cache.url });
  await ask(async (client) => {
    await underLoad(client);
    const own = (await client.call("CLIENT", "LIST")) as string;
    // The engine's own have no name; the session that watches the server has one.
    for (const [, id] of own.matchAll(/^id=(\d+) .* name= /gmu)) await client.call("CLIENT", "KILL", "ID", id!);
    await underLoad(client);
  });
  const { data, checks, exitCode } = await running;
  const [{ reconnects, total }] = data!.runs as [BenchmarkData["runs"][number]];
  expect([reconnects, total.errors["connection lost"]! >= 1, exitCode]).toEqual([4, true, 6]);
  expect(checks.find(({ id }) => id === "perf.errors")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/connection lost, 4 reconnects/u) });
});

test("the floor is measured first, and runs of one suite alternate with those of the others", async () => {
  const { data } = await dragonflyPerf({ ...brief, duration: "200ms", redisUrl: cache.url, suites: ["set", "get"], repeat: 3 });
  expect(data!.floor.p50).toBeGreaterThan(0);
  expect(data!.runs.map(({ suite, round }) => `${suite} ${round}`)).toEqual(["set 1", "get 1", "set 2", "get 2", "set 3", "get 3"]);
  expect(data!.runs.map(({ startedAt }) => startedAt)).toEqual(data!.runs.map(({ startedAt }) => startedAt).toSorted());
});
