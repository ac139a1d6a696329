import type { Redis } from "ioredis";
import type { Load } from "./closed-loop.ts";
import { record } from "./histogram.ts";
import type { LoadPlan } from "./load-plan.ts";
import type { Recorder } from "./measurement.ts";
import { compile, judge } from "./expectations.ts";
import { createRequestSource, readRequests, type Batch } from "./requests.ts";

/** The same closed loop through ioredis: what an application sees, its client's work included. */
export async function createIoredisLoop(plan: LoadPlan, recorder: Recorder): Promise<Load> {
  const { default: ioredis } = await import("ioredis");
  const clients = Array.from({ length: plan.connections }, () => new ioredis.Redis(clientOptions(plan)));
  const close = (): void => {
    for (const client of clients) client.disconnect();
  };
  for (const client of clients) {
    client.on("error", () => {
      // Who waits for the connection, or for a command, is told.
    });
  }
  try {
    await Promise.all(clients.map((client) => client.connect()));
  } catch (error) {
    close();
    throw error;
  }
  const source = createRequestSource(plan);
  const state = { stopped: false };
  const work = async (client: Redis): Promise<void> => {
    const batch = source.createBatch();
    while (!state.stopped) {
      source.fill(batch, plan.pipeline);
      await sendBatch(client, batch, { plan, recorder });
    }
  };
  return {
    run: async () => void (await Promise.all(clients.map(work))),
    stop: () => {
      state.stopped = true;
    },
    close,
  };
}

async function sendBatch(client: Redis, batch: Batch, { plan, recorder }: { readonly plan: LoadPlan; readonly recorder: Recorder }): Promise<void> {
  const requests = readRequests(batch.bytes);
  recorder.requestsSoFar += requests.length;
  recorder.bytesSent += batch.bytes.length;
  const started = performance.now();
  const settled = await Promise.allSettled(plan.pipeline === 1 ? [callOne(client, requests[0]!)] : callAll(client, requests));
  const latency = performance.now() - started;
  settled.forEach((outcome, index) => {
    const command = batch.commands[index]!;
    const { raw, counts } = recorder.commands[command]!;
    record(raw, latency, 1);
    judge(counts, compile(plan.commands[command]!.expect), outcome.status === "fulfilled" ? outcome.value : outcome.reason);
  });
}

function callOne(client: Pick<Redis, "call">, [name, ...args]: readonly string[]): Promise<unknown> {
  return client.call(name!, ...args);
}

/** In one write, as `pipeline` of ioredis does it; each reply has its own promise. */
function callAll(client: Redis, requests: readonly (readonly string[])[]): Promise<unknown>[] {
  const pipeline = client.pipeline();
  for (const [name, ...args] of requests) pipeline.call(name!, ...args);
  const replies = pipeline.exec();
  return requests.map(async (_, index) => {
    const [error, value] = (await replies)?.[index] ?? [new Error("no reply"), null];
    if (error !== null) throw error;
    return value;
  });
}

function clientOptions({ address: { host, port, socket, tls, user, password, database } }: LoadPlan): object {
  return {
    ...(socket === undefined ? { host, port } : { path: socket }),
    ...(tls && { tls: {} }),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    db: database,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}
