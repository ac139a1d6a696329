import { openConnections, type Connection, type ConnectionPool } from "./connections.ts";
import { record } from "./histogram.ts";
import type { LoadPlan } from "./load-plan.ts";
import type { Recorder } from "./measurement.ts";
import { createRequestSource, type Batch } from "./requests.ts";

/** A load that is ready to begin. */
export interface Load {
  /** Sends until it is stopped; resolves when the last reply has come. Rejects when the server is lost. */
  run(): Promise<void>;
  /** Sends nothing more. */
  stop(): void;
  close(): void;
}

interface Sender extends Connection {
  readonly batch: Batch;
  sentAt: number;
}

/**
 * Each connection sends a batch of `pipeline` requests, and the next batch when all its replies have come: as fast as the
 * server lets it. `total` ends it after so many requests.
 */
export async function createClosedLoop(plan: LoadPlan, recorder: Recorder, total: number = Infinity): Promise<Load> {
  const source = createRequestSource(plan);
  const isMixed = plan.commands.length > 1;
  let left = total;
  let stopped = false;
  let active = 0;
  let finish = (): void => {};
  let giveUp = (_error: Error): void => {};

  const send = (sender: Sender, at: number): void => {
    const count = Math.min(plan.pipeline, left);
    if (stopped || count === 0) {
      if (--active === 0) finish();
      return;
    }
    left -= count;
    const { batch, scanner } = sender;
    source.fill(batch, count);
    if (isMixed) scanner.expected.commands.set(batch.commands);
    scanner.position = 0;
    sender.outstanding = count;
    sender.sentAt = at;
    recorder.bytesSent += batch.bytes.length;
    recorder.requestsSoFar += count;
    sender.wire.socket.write(batch.bytes);
  };

  const pool: ConnectionPool = await openConnections(plan, recorder, {
    onReplies: (connection, replies, from) => {
      const sender = connection as Sender;
      const at = performance.now();
      const latency = at - sender.sentAt;
      if (isMixed) for (let index = from; index < from + replies; index++) record(recorder.commands[sender.batch.commands[index]!]!.raw, latency, 1);
      else record(recorder.commands[0]!.raw, latency, replies);
      if (sender.outstanding === 0) send(sender, at);
    },
    onLoss: () => {
      // The next batch goes out on the new connection.
    },
    onReconnect: (connection) => send(connection as Sender, performance.now()),
    onLost: (error) => giveUp(error),
  });
  const senders = pool.connections.map((connection): Sender => Object.assign(connection, { batch: source.createBatch(), sentAt: 0 }));
  return {
    run: () =>
      new Promise((resolve, reject) => {
        [finish, giveUp] = [resolve, reject];
        active = senders.length;
        for (const sender of senders) send(sender, performance.now());
      }),
    stop: () => {
      stopped = true;
    },
    close: pool.close,
  };
}
