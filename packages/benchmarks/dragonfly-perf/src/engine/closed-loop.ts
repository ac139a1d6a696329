import { openConnections, type Connection } from "./connections.ts";
import { record } from "./histogram.ts";
import type { LoadPlan } from "./load-plan.ts";
import type { Recorder } from "./measurement.ts";
import { createRequestSource, type Batch, type RequestSource } from "./requests.ts";

/** A load that is ready to begin. */
export interface Load {
  /**
   * Sends until it is stopped; resolves when the last reply has come. Rejects when the server is lost. `from` is when it was to begin, a time of
   * performance.now(): what a schedule asks for since then is due, also where this thread comes late.
   */
  run(from: number): Promise<void>;
  /** Sends nothing more. */
  stop(): void;
  close(): void;
}

interface Sender extends Connection {
  readonly batch: Batch;
  sentAt: number;
}

interface ClosedState {
  readonly plan: LoadPlan;
  readonly recorder: Recorder;
  readonly source: RequestSource;
  /** Connections whose next batch goes out at the end of this turn of the event loop. */
  readonly due: Sender[];
  /** Requests that are still to be sent. */
  left: number;
  stopped: boolean;
  /** Connections that have not come to their end. */
  active: number;
  readonly finish: () => void;
}

/**
 * Each connection sends a batch of `pipeline` requests, and the next batch when all its replies have come: as fast as the
 * server lets it. `total` ends it after so many requests.
 *
 * The next batches go out together, when all replies that have come are read: no reply waits behind the sending for
 * another connection, which would be latency of this program, and the server is woken once and then finds work for long.
 */
export async function createClosedLoop(plan: LoadPlan, recorder: Recorder, total: number = Infinity): Promise<Load> {
  const source = createRequestSource(plan);
  const ending = Promise.withResolvers<void>();
  const state: ClosedState = { plan, recorder, source, due: [], left: total, stopped: false, active: 0, finish: ending.resolve };
  const pool = await openConnections(plan, recorder, {
    onReplies: (connection, replies, from) => receive(state, connection as Sender, { replies, from }),
    onLoss: () => {
      // The next batch goes out on the new connection.
    },
    onReconnect: (connection) => send(state, connection as Sender),
    onLost: ending.reject,
  });
  const senders = pool.connections.map((connection): Sender => Object.assign(connection, { batch: source.createBatch(), sentAt: 0 }));
  return {
    run: () => {
      state.active = senders.length;
      for (const sender of senders) send(state, sender);
      if (plan.pipeline >= deepPipeline) waitAwake(state);
      return ending.promise;
    },
    stop: () => {
      state.stopped = true;
    },
    close: () => {
      state.stopped = true;
      pool.close();
    },
  };
}

function send(state: ClosedState, sender: Sender): void {
  const { plan, recorder, source } = state;
  const count = Math.min(plan.pipeline, state.left);
  if (state.stopped || count === 0) {
    if (--state.active === 0) state.finish();
    return;
  }
  state.left -= count;
  const { batch, scanner } = sender;
  source.fill(batch, count);
  if (plan.commands.length > 1) scanner.expected.commands.set(batch.commands);
  scanner.position = 0;
  sender.outstanding = count;
  recorder.bytesSent += batch.bytes.length;
  recorder.requestsSoFar += count;
  sender.sentAt = performance.now();
  sender.wire.socket.write(batch.bytes);
}

function sendDue(state: ClosedState): void {
  // One that was lost in between sends on its new connection.
  for (const sender of state.due) if (sender.isOpen) send(state, sender);
  state.due.length = 0;
}

function receive(state: ClosedState, sender: Sender, { replies, from }: { readonly replies: number; readonly from: number }): void {
  const latency = performance.now() - sender.sentAt;
  const { commands } = state.recorder;
  if (commands.length === 1) record(commands[0]!.raw, latency, replies);
  else for (let index = from; index < from + replies; index++) record(commands[sender.batch.commands[index]!]!.raw, latency, 1);
  if (sender.outstanding === 0 && state.due.push(sender) === 1) setImmediate(sendDue, state);
}

/** Requests under way on one connection from which on the server is mostly the limit, measured on loopback. */
const deepPipeline = 16;

/** Waits for replies without sleeping: to wake a sleeping client is work that a server at its limit is spared. */
function waitAwake(state: ClosedState): void {
  const { recorder } = state;
  const turn = (since: number, before: number): void => {
    if (state.stopped || state.active === 0) return;
    const [at, traffic] = [performance.now(), recorder.bytesSent + recorder.bytesReceived];
    if (traffic === before) recorder.awaitedMs += at - since;
    setImmediate(turn, at, traffic);
  };
  turn(performance.now(), 0);
}
