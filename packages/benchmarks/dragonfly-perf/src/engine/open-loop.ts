import type { Load } from "./closed-loop.ts";
import { openConnections, type Connection } from "./connections.ts";
import { record } from "./histogram.ts";
import type { LoadPlan, OpenLoop } from "./load-plan.ts";
import type { Recorder } from "./measurement.ts";
import { createRequestSource, type Batch, type RequestSource } from "./requests.ts";

/** A connection with rings beside its ring of commands; times are those of performance.now(). */
interface Sender extends Connection {
  readonly batch: Batch;
  readonly intended: Float64Array;
  readonly sent: Float64Array;
  /** The place of the next request in the rings. */
  next: number;
  freeSince: number;
  isQueued: boolean;
}

interface OpenState {
  readonly plan: LoadPlan;
  readonly recorder: Recorder;
  readonly source: RequestSource;
  /** Connections that can take a request, the one with the longest rest first. */
  readonly free: Ring;
  readonly intervalMs: number;
  startedAt: number;
  /** Requests due from here on are not sent. */
  endsAt: number;
  /** Requests sent so far, which is also the number of the next one. */
  sent: number;
  outstanding: number;
}

/**
 * Sends at a steady rate, whatever the server does. Request number i is due at start + i / rate; one that finds no free
 * connection waits, and its corrected latency counts from when it was due. `pipeline` is the number of requests that one
 * connection may have under way. Late replies get `drainMs` at the end; what is missing then counts as lost.
 */
export async function createOpenLoop(plan: LoadPlan, model: OpenLoop, recorder: Recorder): Promise<Load> {
  const source = createRequestSource({ ...plan, pipeline: 1 });
  const state: OpenState = { plan, recorder, source, free: createRing(plan.connections), intervalMs: 1_000 / model.rate, startedAt: 0, endsAt: Infinity, sent: 0, outstanding: 0 };
  const ending = Promise.withResolvers<void>();
  const pool = await openConnections(plan, recorder, {
    onReplies: (connection, replies, from) => {
      receive(state, connection as Sender, { replies, from });
      sendDue(state);
    },
    onLoss: (connection, requests) => {
      state.outstanding -= requests;
      (connection as Sender).next = 0;
    },
    onReconnect: (connection) => {
      offer(state, Object.assign(connection as Sender, { freeSince: performance.now() }));
      sendDue(state);
    },
    onLost: ending.reject,
  });
  const senders = pool.connections.map((connection): Sender => Object.assign(connection, senderFields(plan, source)));
  return {
    run: (from) => {
      state.startedAt = from;
      for (const sender of senders) offer(state, sender);
      pace(state, model, ending.resolve);
      return ending.promise;
    },
    stop: () => {
      state.endsAt = Math.min(state.endsAt, performance.now());
    },
    close: pool.close,
  };
}

function senderFields({ pipeline }: LoadPlan, source: RequestSource): Omit<Sender, keyof Connection> {
  return { batch: source.createBatch(), intended: new Float64Array(pipeline), sent: new Float64Array(pipeline), next: 0, freeSince: 0, isQueued: false };
}

/** So that the end is noticed. */
const longestSleepMs = 100;
/** A timer may be so late; nearer to the next request only spinning is exact. */
const timerLagMs = 2;

/** Comes back whenever a request may be due. Spinning lets replies in between, and sleeps only where there is time. */
function pace(state: OpenState, { pacing, drainMs }: OpenLoop, finish: () => void): void {
  const turn = (): void => {
    sendDue(state);
    const at = performance.now();
    if (at >= state.endsAt && (isDrained(state) || at >= state.endsAt + drainMs)) return finish();
    const idle = state.startedAt + state.sent * state.intervalMs - at;
    if (pacing === "sleep" || state.endsAt <= at) setTimeout(turn, 1);
    else if (idle > 2 * timerLagMs) setTimeout(turn, Math.min(idle - timerLagMs, longestSleepMs));
    else setImmediate(turn);
  };
  turn();
}

function isDrained({ outstanding, startedAt, sent, intervalMs, endsAt }: OpenState): boolean {
  return outstanding === 0 && startedAt + sent * intervalMs >= endsAt;
}

function sendDue(state: OpenState): void {
  const until = Math.min(state.endsAt, performance.now());
  for (;;) {
    const due = state.startedAt + state.sent * state.intervalMs;
    if (due > until) return;
    const sender = nextFree(state.free);
    if (sender === undefined) return;
    send(state, sender, due);
  }
}

function nextFree(free: Ring): Sender | undefined {
  for (;;) {
    const sender = takeFrom(free);
    if (sender === undefined) return undefined;
    sender.isQueued = false;
    // A lost connection comes back into the ring when there is a new one.
    if (sender.isOpen) return sender;
  }
}

function send(state: OpenState, sender: Sender, due: number): void {
  const { plan, recorder, source } = state;
  const { batch, scanner, next } = sender;
  source.fill(batch, 1);
  // With several requests under way an earlier one may still lie unsent in the socket, so each has its own bytes.
  const bytes = plan.pipeline > 1 ? Buffer.from(batch.bytes) : batch.bytes;
  const at = performance.now();
  scanner.expected.commands[next] = batch.commands[0]!;
  sender.intended[next] = due;
  sender.sent[next] = at;
  sender.next = next + 1 === plan.pipeline ? 0 : next + 1;
  sender.outstanding++;
  state.outstanding++;
  state.sent++;
  recorder.bytesSent += bytes.length;
  recorder.requestsSoFar++;
  record(recorder.lag!, at - Math.max(due, sender.freeSince), 1);
  sender.wire.socket.write(bytes);
  offer(state, sender);
}

function receive(state: OpenState, sender: Sender, { replies, from }: { readonly replies: number; readonly from: number }): void {
  const at = performance.now();
  const { commands } = sender.scanner.expected;
  for (let index = 0, place = from; index < replies; index++, place = place + 1 === commands.length ? 0 : place + 1) {
    const { raw, corrected } = state.recorder.commands[commands[place]!]!;
    record(raw, at - sender.sent[place]!, 1);
    record(corrected!, at - sender.intended[place]!, 1);
  }
  state.outstanding -= replies;
  sender.freeSince = at;
  offer(state, sender);
}

function offer({ plan, free }: OpenState, sender: Sender): void {
  if (sender.isQueued || sender.outstanding >= plan.pipeline) return;
  sender.isQueued = true;
  free.places[free.end] = sender;
  free.end = free.end + 1 === free.places.length ? 0 : free.end + 1;
}

/** A queue that never holds more than all connections. */
interface Ring {
  readonly places: (Sender | undefined)[];
  begin: number;
  end: number;
}

function createRing(connections: number): Ring {
  return { places: Array.from({ length: connections + 1 }, () => undefined), begin: 0, end: 0 };
}

function takeFrom(ring: Ring): Sender | undefined {
  if (ring.begin === ring.end) return undefined;
  const sender = ring.places[ring.begin];
  ring.begin = ring.begin + 1 === ring.places.length ? 0 : ring.begin + 1;
  return sender;
}
