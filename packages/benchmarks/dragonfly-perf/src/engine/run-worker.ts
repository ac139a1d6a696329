import type { MessagePort } from "node:worker_threads";
import { createClosedLoop, type Load } from "./closed-loop.ts";
import type { LoadPlan } from "./load-plan.ts";
import { createRecorder, now, type Recorder, type Sample } from "./measurement.ts";

/** What a worker tells. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "sample"; readonly sample: Sample }
  | { readonly kind: "done"; readonly requests: number }
  | { readonly kind: "failed"; readonly error: WorkerError };

/** What a worker is told. */
export type ToWorker = { readonly kind: "start"; readonly at: number } | { readonly kind: "stop" };

/** The parts of an error that survive the way between threads. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

export interface WorkerPort {
  post(message: FromWorker): void;
  onMessage(handle: (message: ToWorker) => void): void;
}

const sampleMs = 1_000;

/** Connects, waits for the start, works through the plan and tells a sample each second. */
export async function runWorker(plan: LoadPlan, port: WorkerPort): Promise<void> {
  const recorder = createRecorder(plan.commands.length, plan.model.kind === "open");
  let load: Load | undefined;
  try {
    load = await createLoad(plan, recorder);
    const started = Promise.withResolvers<number>();
    const running = load;
    port.onMessage((message) => {
      if (message.kind === "start") started.resolve(message.at);
      else {
        running.stop();
        started.resolve(now());
      }
    });
    port.post({ kind: "ready" });
    await runFrom(await started.promise, { plan, recorder, load, port });
    port.post({ kind: "done", requests: recorder.requestsSoFar });
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    port.post({ kind: "failed", error: { name, message, code } });
  } finally {
    load?.close();
  }
}

/** A message port of Node in the words of a worker. */
export function portOf(port: MessagePort): WorkerPort {
  return { post: (message) => port.postMessage(message), onMessage: (handle) => void port.on("message", handle) };
}

async function createLoad(plan: LoadPlan, recorder: Recorder): Promise<Load> {
  if (plan.client === "ioredis") return (await import("./ioredis-loop.ts")).createIoredisLoop(plan, recorder);
  if (plan.model.kind === "closed") return createClosedLoop(plan, recorder);
  if (plan.model.kind === "once") return createClosedLoop(plan, recorder, Math.ceil((plan.keys.count - plan.keys.first) / plan.keys.step));
  const { createOpenLoop } = await import("./open-loop.ts");
  return createOpenLoop(plan, plan.model, recorder);
}

interface Running {
  readonly plan: LoadPlan;
  readonly recorder: Recorder;
  readonly load: Load;
  readonly port: WorkerPort;
}

async function runFrom(startAt: number, { plan, recorder, load, port }: Running): Promise<void> {
  const { model } = plan;
  await until(startAt);
  const startOfLoad = startAt - performance.timeOrigin;
  if (model.kind === "once") {
    await load.run(startOfLoad);
    return port.post({ kind: "sample", sample: recorder.take() });
  }
  const work = load.run(startOfLoad);
  const from = startAt + model.warmupMs;
  await Promise.race([takeSamples({ from, to: from + model.durationMs, recorder, port }), work]);
  load.stop();
  await work;
  // Replies to requests that were due before the end: their latencies count, their number per second does not.
  if (model.kind === "open") port.post({ kind: "sample", sample: { ...recorder.take(), isTail: true } });
}

interface Sampling {
  readonly from: number;
  readonly to: number;
  readonly recorder: Recorder;
  readonly port: WorkerPort;
}

async function takeSamples({ from, to, recorder, port }: Sampling): Promise<void> {
  await until(from);
  recorder.reset();
  for (let next = from + sampleMs; ; next += sampleMs) {
    await until(Math.min(next, to));
    port.post({ kind: "sample", sample: recorder.take() });
    if (next >= to) return;
  }
}

function until(at: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, Math.max(0, at - now())));
}
