import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { LoadPlan } from "./engine/load-plan.ts";
import { now, type Sample } from "./engine/measurement.ts";
import type { FromWorker, ToWorker, WorkerError } from "./engine/run-worker.ts";

export interface LoadOptions {
  /** One for each worker thread. */
  readonly plans: readonly LoadPlan[];
  readonly signal: AbortSignal;
  /** Called for each second of each worker. */
  readonly onSample: (sample: Sample, worker: number) => void;
  /** Called when all are connected and the load is about to begin. */
  readonly onStart?: (at: number) => void;
}

/** The time between telling all workers to begin and the beginning. */
const headStartMs = 30;

/**
 * Runs one plan in each of several worker threads, all from the same moment on. Rejects with the first error of a worker,
 * or with the reason of the signal; no worker outlives it. Returns how many requests were sent, the warm-up included.
 */
export async function runLoad({ plans, signal, onSample, onStart }: LoadOptions): Promise<number> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {
    // Who waits for the workers sees the rejection.
  });
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  const workers = plans.map((plan, index) => startWorker(plan, (sample) => onSample(sample, index)));
  const all = <T>(promises: readonly Promise<T>[]): Promise<T[]> => Promise.race([Promise.all(promises), aborted.promise]);
  try {
    await all(workers.map(({ ready }) => ready));
    const at = now() + headStartMs;
    onStart?.(at);
    for (const { tell } of workers) tell({ kind: "start", at });
    return (await all(workers.map(({ done }) => done))).reduce((sum, requests) => sum + requests, 0);
  } finally {
    signal.removeEventListener("abort", onAbort);
    await Promise.all(workers.map(({ end }) => end()));
  }
}

interface RunningWorker {
  readonly ready: Promise<void>;
  readonly done: Promise<number>;
  readonly tell: (message: ToWorker) => void;
  readonly end: () => Promise<unknown>;
}

function startWorker(plan: LoadPlan, onSample: (sample: Sample) => void): RunningWorker {
  // Beside this file lies the worker's source, or what the build made of it.
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), { workerData: plan, execArgv: [], stdout: false });
  const [ready, done] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
  const fail = (error: Error): void => {
    ready.reject(error);
    done.reject(error);
  };
  for (const promise of [ready.promise, done.promise]) {
    promise.catch(() => {
      // Both reject for one reason, and the caller waits for one of them.
    });
  }
  worker.on("message", (message: FromWorker) => {
    if (message.kind === "ready") ready.resolve();
    else if (message.kind === "done") done.resolve(message.requests);
    else if (message.kind === "sample") onSample(message.sample);
    else fail(revive(message.error));
  });
  worker.once("error", fail);
  worker.once("exit", () => fail(new Error("a worker ended before its work")));
  return { ready: ready.promise, done: done.promise, tell: tellWorker(worker), end: () => worker.terminate() };
}

function tellWorker(worker: Worker): (message: ToWorker) => void {
  return (message) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is about windows, not worker threads
    worker.postMessage(message);
  };
}

function revive({ name, message, code }: WorkerError): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
