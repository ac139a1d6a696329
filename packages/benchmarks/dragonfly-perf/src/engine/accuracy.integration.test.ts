import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cacheServer } from "@org/testkit";
import { expect, test } from "vitest";
import { runLoad } from "../run-load.ts";
import { scriptedDelay } from "../testing/scripted-server.ts";
import { createHistogram, merge, percentile, type Histogram } from "./histogram.ts";
import type { LoadPlan, OpenLoop } from "./load-plan.ts";
import { createRecorder, type Sample } from "./measurement.ts";
import { createOpenLoop } from "./open-loop.ts";

interface Measured {
  readonly raw: Histogram;
  readonly corrected: Histogram;
  readonly inTime: number;
  readonly elapsedMs: number;
}

async function measure(plan: Partial<LoadPlan> & { readonly model: LoadPlan["model"] }, address: Partial<LoadPlan["address"]>): Promise<Measured> {
  const [raw, corrected] = [createHistogram(), createHistogram()];
  let [inTime, elapsedMs] = [0, 0];
  const onSample = ({ commands: [first], isTail, startedAt, endedAt }: Sample): void => {
    merge(raw, first!.raw);
    if (first!.corrected !== undefined) merge(corrected, first!.corrected);
    if (isTail) return;
    inTime += first!.raw.count;
    elapsedMs += endedAt - startedAt;
  };
  await runLoad({ plans: [wholePlan(plan, address)], signal: new AbortController().signal, onSample });
  return { raw, corrected, inTime, elapsedMs };
}

function wholePlan(plan: Partial<LoadPlan> & { readonly model: LoadPlan["model"] }, address: Partial<LoadPlan["address"]>): LoadPlan {
  return {
    address: { host: "127.0.0.1", port: 0, socket: undefined, tls: false, user: undefined, password: undefined, database: 0, protocol: 2, ...address },
    commands: [{ name: "GET", weight: 1, words: ["GET", "__key__"], sizes: [], expect: { kinds: ["bulk"], nullIsMiss: true } }],
    keys: { prefix: "accuracy:", count: 1, distribution: "uniform", exponent: 1, deviation: 1, first: 0, step: 1 },
    connections: 20,
    pipeline: 1,
    seed: 1,
    client: "raw",
    ...plan,
  };
}

const open: Omit<OpenLoop, "rate" | "durationMs"> = { kind: "open", warmupMs: 0, pacing: "spin", drainMs: 5_000 };
const [rate, seconds, stallMs] = [200, 8, 1_000];
/** Fewer than the stall holds back, so that requests wait for a connection too. */
const connections = 100;
const stallAt = rate * 3;

/** The latency of each request from when it was due, with every connection answering in its turn. */
function truth(lateness: readonly number[]): number[] {
  const freeAt = Array.from({ length: connections }, () => 0);
  let stalledUntil = 0;
  return Array.from({ length: rate * seconds }, (_, request) => {
    const due = (request * 1000) / rate;
    const first = freeAt.indexOf(Math.min(...freeAt));
    const arrives = Math.max(due, freeAt[first]!);
    if (request === stallAt) stalledUntil = arrives + stallMs;
    freeAt[first] = Math.max(arrives + scriptedDelay(request), arrives < stalledUntil ? stalledUntil : 0) + (lateness[request] ?? 0);
    return freeAt[first] - due;
  }).sort((a, b) => a - b);
}

test("corrected percentiles agree with a scripted server that stalls, raw ones hide the stall", async () => {
  const server = fork(join(import.meta.dirname, "../testing/scripted-server-process.ts"), { execArgv: [], execPath: join(import.meta.dirname, "../../../../../node_modules/.bin/node") });
  try {
    server.send({ stallAt, stallMs });
    const [port] = (await once(server, "message")) as [number];
    const { raw, corrected } = await measure({ model: { ...open, rate, durationMs: seconds * 1000 }, connections }, { port });
    server.send("report");
    const [lateness] = (await once(server, "message")) as [number[]];
    const exact = truth(lateness);
    expect(corrected.count).toBeGreaterThanOrEqual(exact.length - 1);
    for (const percent of [50, 99, 99.9, 100]) {
      const expected = exact[Math.ceil((percent / 100) * exact.length - 1e-9) - 1]!;
      expect(Math.abs(percentile(corrected, percent) / expected - 1), `p${percent}: ${percentile(corrected, percent)} for ${expected}`).toBeLessThan(0.03);
    }
    // What waited for a connection while the server stalled is in no raw latency.
    expect(raw.sum).toBeLessThan(corrected.sum * 0.97);
  } finally {
    server.kill();
  }
});

test("what was due before a late thread begins is sent all the same, and its latency counts from when it was due", async () => {
  const { port, password } = await cacheServer();
  const [lateMs, model] = [200, { ...open, rate: 100, durationMs: 1_000 }];
  const recorder = createRecorder(1, true);
  const load = await createOpenLoop(wholePlan({ model, connections: 50 }, { port, password }), model, recorder);
  try {
    const work = load.run(performance.now() - lateMs);
    load.stop();
    await work;
    const { corrected } = recorder.commands[0]!;
    expect(corrected!.count).toBeGreaterThanOrEqual((model.rate * lateMs) / 1_000);
    expect(percentile(corrected!, 100)).toBeGreaterThanOrEqual(lateMs);
  } finally {
    load.close();
  }
});

/** The relative distance from the rate that was asked for. */
async function distance(pacing: OpenLoop["pacing"], cache: Partial<LoadPlan["address"]>): Promise<number> {
  const closed = await measure({ model: { kind: "closed", warmupMs: 200, durationMs: 1_000 }, connections: 50 }, cache);
  const half = Math.floor((closed.inTime / closed.elapsedMs) * 500);
  const { inTime, elapsedMs } = await measure({ model: { ...open, pacing, warmupMs: 200, rate: half, durationMs: 2_000 }, connections: 50 }, cache);
  return Math.abs(((inTime / elapsedMs) * 1_000) / half - 1);
}

// Where other programs take the processors in turns, half of what went a moment ago may be too much: once is proof.
test.each(["spin", "sleep"] as const)("pacing %s holds half of its greatest rate within 1 %", async (pacing) => {
  const { port, password } = await cacheServer();
  await expect.poll(() => distance(pacing, { port, password }), { timeout: 50_000, interval: 10 }).toBeLessThan(0.01);
});
