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

/** Requests of one batch that keep a server at work until the next batch comes, measured on loopback. */
const busyBatch = 16;

/**
 * Each connection sends a batch of `pipeline` requests, and the next batch when all its replies have come: as fast as the
 * server lets it. `total` ends it after so many requests.
 *
 * Small batches go out together, when all replies that have come are read: no reply waits behind the sending for another
 * connection, which would be latency of this program, and the server is woken once and then finds work for long. Large
 * ones go out at once, because a server that waits for them would rest.
 */
export async function createClosedLoop(plan: LoadPlan, recorder: Recorder, total: number = Infinity): Promise<Load> {
  const source = createRequestSource(plan);
  const isMixed = plan.commands.length > 1;
  const due: Sender[] = [];
  let left = total;
  let stopped = false;
  let active = 0;
  let finish = (): void => {};
  let giveUp = (_error: Error): void => {};

  const send = (sender: Sender): void => {
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
    recorder.bytesSent += batch.bytes.length;
    recorder.requestsSoFar += count;
    sender.sentAt = performance.now();
    sender.wire.socket.write(batch.bytes);
  };

  const sendDue = (): void => {
    // One that was lost in between sends on its new connection.
    for (const sender of due) if (sender.isOpen) send(sender);
    due.length = 0;
  };

  const pool: ConnectionPool = await openConnections(plan, recorder, {
    onReplies: (connection, replies, from) => {
      const sender = connection as Sender;
      const latency = performance.now() - sender.sentAt;
      if (isMixed) for (let index = from; index < from + replies; index++) record(recorder.commands[sender.batch.commands[index]!]!.raw, latency, 1);
      else record(recorder.commands[0]!.raw, latency, replies);
      if (sender.outstanding > 0) return;
      if (plan.pipeline >= busyBatch) send(sender);
      else if (due.push(sender) === 1) setImmediate(sendDue);
    },
    onLoss: () => {
      // The next batch goes out on the new connection.
    },
    onReconnect: (connection) => send(connection as Sender),
    onLost: (error) => giveUp(error),
  });
  const senders = pool.connections.map((connection): Sender => Object.assign(connection, { batch: source.createBatch(), sentAt: 0 }));
  return {
    run: () =>
      new Promise((resolve, reject) => {
        [finish, giveUp] = [resolve, reject];
        active = senders.length;
        for (const sender of senders) send(sender);
      }),
    stop: () => {
      stopped = true;
    },
    close: pool.close,
  };
}
