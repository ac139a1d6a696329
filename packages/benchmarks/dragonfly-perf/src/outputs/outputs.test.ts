import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import type { BenchmarkData, CommandResult, Latency, RunResult } from "../result.ts";
import { toCsv } from "./csv.ts";
import { toHgrm } from "./hgrm.ts";
import { toHtml } from "./html.ts";
import { toMemtierJson } from "./memtier-json.ts";
import { writeOutputs } from "./write-outputs.ts";

const latency: Latency = { average: 2, deviation: 1, min: 0.5, p50: 1.5, p90: 3, p95: 4, p99: 5, p999: 6, p9999: null, max: 7 };
const get: CommandResult = { name: "GET", count: 1000, opsPerSecond: 500, raw: latency, corrected: null, hitRate: 99, misses: 10, wrongReplies: 0, errorTexts: {}, errors: { "OOM, really": 2 }, percentiles: [[0, 0.5], [50, 1.5], [99, 5], [100, 7]] };
const run: RunResult = {
  suite: "get",
  round: 1,
  side: "first",
  connections: 50,
  rate: null,
  startedAt: "2025-01-01T00:00:00.000Z",
  durationMs: 2_000,
  opsPerSecond: 500,
  bytesSent: 2048,
  bytesReceived: 4096,
  reconnects: 0,
  preloadedKeys: 10,
  total: { ...get, name: "total" },
  commands: [get],
  series: [{ at: 1, opsPerSecond: 490, p50: 1, p99: 4, max: 6, errors: 0 }, { at: 2, opsPerSecond: 510, p50: 2, p99: 5, max: 7, errors: 2 }],
  server: { cpu: 0.5, mainThread: 0.5, bytesPerKey: 100, fragmentation: 1.1, evictedKeys: 0, expiredKeys: 0, foreignCommands: 0 },
  client: { cpu: 0.9, busy: 0.9, lag: null },
};
const data: BenchmarkData = {
  target: "bench@localhost:6379/2",
  validity: "INVALID",
  reasons: ["</script><b>& 5 %"],
  settings: { model: "closed loop", rate: null, suites: ["get"], connections: 50, threads: 1, pipeline: 1, keys: 10, distribution: "uniform", size: "32", ratio: "1:10", durationMs: 2000, warmupMs: 0, seed: 1, protocol: 2, client: "raw", pacing: "spin" },
  fingerprint: { server: { flavour: "redis", version: "7.0.0", threads: 1, maxmemory: 0, policy: "noeviction", os: "Linux" }, client: { cores: 2, processor: "some", kernel: "6", node: "v24", version: "0.1.0" } },
  floor: latency,
  runs: [run],
  sweeps: [],
  comparison: null,
  trend: [],
};

test("CSV: a line for each command, quoted where it must be", () => {
  const [head, line, ...rest] = toCsv(data).trimEnd().split("\n");
  expect(rest).toEqual([]);
  expect(head!.split(",").slice(0, 4)).toEqual(["validity", "suite", "command", "round"]);
  expect(line).toContain('"OOM, really:2"');
  expect(line).toMatch(/^INVALID,get,GET,1,first,50,,2025-01-01T00:00:00\.000Z,1000,500,99,10,0,.*,2,1,0\.5,1\.5,3,4,5,6,,7,,,,,,,,,,$/);
});

test("hgrm: percentiles with their counts", () => {
  const text = toHgrm(data);
  expect(text).toContain("       1.500 0.500000000000        500           2.00\n");
  expect(text).toContain("       7.000 1.000000000000       1000            inf\n");
  expect(text).toContain("#[Max     =        7.000, Total count    =         1000]");
});

test("memtier's names and figures", () => {
  expect(toMemtierJson(data)).toMatchObject({
    configuration: { server: "localhost", port: 6379 },
    "ALL STATS": {
      Runtime: { "Total duration": 2000, Interrupted: "false" },
      Gets: { Count: 1000, "Ops/sec": 500, "Hits/sec": 495, "Misses/sec": 5, "KB/sec RX": 2, "Percentile Latencies": { "p99.00": 5 } },
      Totals: { "Time-Serie": { 0: { Count: 490 }, 1: { "Max Latency": 7 } } },
    },
  });
  expect(toMemtierJson({ ...data, runs: [run, run] })).toHaveProperty("RUN #2 RESULTS.Totals.Count", 1000);
});

test("the page holds the figures of the JSON, needs no network, and escapes what it is told", async () => {
  const page = await toHtml(data);
  const held = JSON.parse(/<script type="application\/json" id="data">(.*)<\/script>/u.exec(page)![1]!) as unknown;
  expect(held).toEqual([{ name: "get", percentiles: run.total.percentiles, series: run.series }]);
  expect(page).toContain("<li>&lt;/script&gt;&lt;b&gt;&amp; 5 %</li>");
  expect(page).toContain("uPlot=function");
  expect(page).not.toMatch(/(?:src|href)=/u);
});

test("writes the files that are asked for, and names the one that it cannot", async () => {
  await withTempFolder(async (folder) => {
    const none = { memtierJson: undefined, csv: undefined, hgrm: undefined, html: undefined };
    expect(await writeOutputs(data, { ...none, csv: join(folder, "result.csv") })).toMatchObject([{ verdict: "pass" }]);
    expect(await readFile(join(folder, "result.csv"), "utf8")).toBe(toCsv(data));
    const failed = await writeOutputs(data, { ...none, html: join(folder, "none/page.html") });
    expect(failed).toMatchObject([{ id: "perf.outputs", verdict: "fail", evidence: expect.stringContaining("page.html"), code: "configuration" }]);
    expect(await writeOutputs(data, none)).toEqual([]);
  });
});
