import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "@org/script";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { readMachine, type MachineFacts } from "../machine.ts";
import type { CommandResult, Latency, RunResult } from "../result.ts";
import type { Observation } from "../run-suite.ts";
import { truthChecks, type Evidence } from "./truth-checks.ts";

const latency: Latency = { average: 1, deviation: 0, min: 1, p50: 1, p90: 1, p95: 1, p99: 1, p999: 1, p9999: 1, max: 1 };
const total: CommandResult = { name: "total", count: 100_000, opsPerSecond: 10_000, raw: latency, corrected: null, hitRate: 100, misses: 0, wrongReplies: 0, errors: {}, errorTexts: {}, percentiles: [] };
const still: MachineFacts = { swapped: 0, stolen: 0, ticks: 0, idle: 0, own: 0, wallClock: 0, steadyClock: 0 };
const later: MachineFacts = { swapped: 0, stolen: 0, ticks: 2000, idle: 2000, own: 0, wallClock: 10_000, steadyClock: 10_000 };
const server: RunResult["server"] = { cpu: 0.9, mainThread: null, bytesPerKey: 100, fragmentation: 1, evictedKeys: 0, expiredKeys: 0, foreignCommands: 0 };
const goodRun: RunResult = {
  suite: "get",
  round: 1,
  side: "first",
  connections: 50,
  rate: null,
  startedAt: "2025-01-01T00:00:00.000Z",
  durationMs: 10_000,
  opsPerSecond: 10_000,
  bytesSent: 1,
  bytesReceived: 1,
  reconnects: 0,
  preloadedKeys: 500,
  total,
  commands: [total],
  series: [],
  server,
  client: { cpu: 1, busy: 1, lag: null },
};
const suite: Observation["suite"] = { name: "get", commands: [], preload: [{ name: "SET", weight: 1, words: [], sizes: [], expect: { kinds: [], nullIsMiss: false } }], expectsHits: true, expires: false, isCustom: false };

function judge(id: string, { run = {}, ...others }: { readonly run?: Partial<RunResult> } & Partial<Omit<Observation, "run">>): Finding {
  const observation: Observation = { suite, machine: [still, later], cores: 2, serverThreads: 1, server: { isHere: true, seconds: 0 }, removed: { keys: 1, left: 0 }, ...others, run: { ...goodRun, ...run } };
  const evidence: Evidence = { observations: [observation], settings: { percentile: 99, maxErrors: 0, keys: 500, pacing: "spin" }, config: {} };
  return truthChecks.find((check) => check.id === id)!.run(evidence, undefined as never) as Finding;
}

test("a good run passes every check that applies", () => {
  expect(truthChecks.map(({ id }) => judge(id, {}).verdict).filter((verdict) => verdict !== "pass" && verdict !== "skipped")).toEqual([]);
});

const open = { rate: 10_000, client: { cpu: 1, busy: 1, lag: { ...latency, p99: 0.05 } }, total: { ...total, corrected: { ...latency, p99: 2 } } } satisfies Partial<RunResult>;
const spinning = (late: number): Partial<RunResult> => ({ ...open, client: { cpu: 1, busy: 1, lag: { ...latency, p99: late } } });

test.each<[string, Parameters<typeof judge>[0], Parameters<typeof judge>[1], string, RegExp]>([
  ["a busy client before a resting server", "perf.generator", { run: { server: { ...server, cpu: 0.5 } } }, "fail", /figures are those of this program/],
  ["a busy client before a server of four threads", "perf.generator", { serverThreads: 4 }, "fail", /only to 23 %/],
  ["a busy client before a busy main thread beside resting threads", "perf.generator", { serverThreads: 4, run: { server: { ...server, mainThread: 0.9 } } }, "pass", /while this program used/],
  ["a busy client before a server that tells nothing", "perf.generator", { run: { server: { ...server, cpu: null } } }, "unknown", /does not tell/],
  ["a client that rests", "perf.generator", { run: { server: { ...server, cpu: 0.5 }, client: { cpu: 0.5, busy: 0.6, lag: null } } }, "pass", /rested/],
  ["requests that were sent late", "perf.generator", { run: spinning(1) }, "fail", /this program's/],
  ["requests that were sent somewhat late", "perf.generator", { run: spinning(0.3) }, "warn", /late/],
  ["requests in time", "perf.generator", { run: open }, "pass", /late/],
  ["a rate that was not held", "perf.rate", { run: { ...open, opsPerSecond: 9_800 } }, "fail", /not those of this rate/],
  ["a rate that was held", "perf.rate", { run: { ...open, opsPerSecond: 9_950 } }, "pass", /9950 of 10000/],
  ["misses", "perf.hit-rate", { run: { total: { ...total, hitRate: 99, misses: 1000 } } }, "fail", /1000 of 100000/],
  ["keys that were not made", "perf.hit-rate", { run: { preloadedKeys: 499 } }, "fail", /499 of 500/],
  ["an unexpected reply", "perf.errors", { run: { total: { ...total, wrongReplies: 1 } } }, "fail", /1 unexpected reply/],
  ["no reply at all", "perf.errors", { run: { total: { ...total, count: 0 } } }, "fail", /no request/],
  ["reconnects", "perf.errors", { run: { reconnects: 2 } }, "warn", /2 reconnects/],
  ["too few operations", "perf.samples", { run: { total: { ...total, count: 999 } } }, "fail", /needs 1000/],
  ["evicted keys", "perf.memory", { run: { server: { ...server, evictedKeys: 3 } } }, "fail", /evicted 3/],
  ["expired keys", "perf.memory", { run: { server: { ...server, expiredKeys: 3 } } }, "fail", /3 keys expired/],
  ["a server that tells no evictions", "perf.memory", { run: { server: { ...server, evictedKeys: null } } }, "unknown", /does not tell/],
  ["commands of others", "perf.foreign", { run: { server: { ...server, foreignCommands: 5000 } } }, "fail", /5000 commands/],
  ["a health check of others", "perf.foreign", { run: { server: { ...server, foreignCommands: 20 } } }, "pass", /20 commands/],
  ["a clock that was set forward", "perf.clock", { machine: [still, { ...later, wallClock: 10_500 }] }, "fail", /set by 500 ms/],
  ["a clock that was set back", "perf.clock", { machine: [still, { ...later, wallClock: 9_000 }] }, "fail", /set by -1000 ms/],
  ["a swapping machine", "perf.machine", { machine: [still, { ...later, swapped: 500 }] }, "fail", /swapped 500/],
  ["stolen time", "perf.machine", { machine: [still, { ...later, stolen: 200 }] }, "fail", /10 % of the processor/],
  ["other programs that leave no core free", "perf.machine", { machine: [still, { ...later, idle: 0, own: 5 }], server: { isHere: true, seconds: 5 } }, "fail", /busy with something else: other programs used 1 of the machine's 2 cores/],
  ["other programs beside a free core", "perf.machine", { cores: 4, machine: [still, { ...later, ticks: 4000, idle: 2000, own: 5 }], server: { isHere: true, seconds: 5 } }, "warn", /used 1 of the machine's 4 cores/],
  ["other programs, or a server under another name", "perf.machine", { machine: [still, { ...later, idle: 0, own: 5 }], server: { isHere: false, seconds: 5 } }, "warn", /used 1 of/],
  ["other programs, or a server that tells nothing", "perf.machine", { machine: [still, { ...later, idle: 0, own: 5 }], server: { isHere: true, seconds: null } }, "warn", /used 1.5 of/],
  ["this program and its server on all cores", "perf.machine", { machine: [still, { ...later, idle: 0, own: 10 }], server: { isHere: true, seconds: 9.5 } }, "pass", /0.05 cores used by other programs/],
  ["a machine that tells nothing", "perf.machine", { machine: [{ ...still, swapped: null }, later] }, "skipped", /does not tell/],
  ["keys that are left", "perf.clean-up", { removed: { keys: 5, left: 2 } }, "fail", /2 keys are still there/],
])("%s", (_, id, given, verdict, evidence) => {
  expect(judge(id, given)).toMatchObject({ verdict, evidence: expect.stringMatching(evidence) });
});

test("reads what Linux counts, and takes a machine without it as one that does not tell", async () => {
  await withTempFolder(async (folder) => {
    await mkdir(join(folder, "proc"));
    await writeFile(join(folder, "proc/stat"), "cpu  10 1 5 70 4 0 2 8 0 0\ncpu0 10 1 5 70 4 0 2 8 0 0\n");
    await writeFile(join(folder, "proc/vmstat"), "nr_free_pages 1\npswpin 3\npswpout 4\n");
    expect(await readMachine(join(folder, "proc"))).toMatchObject({ swapped: 7, stolen: 8, ticks: 100, idle: 74 });
    expect(await readMachine(join(folder, "nothing"))).toMatchObject({ swapped: null, stolen: null, ticks: null });
  });
});
