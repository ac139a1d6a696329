import type { LoadPlan } from "./load-plan.ts";
import type { Recorder } from "./measurement.ts";
import { compile, countLost, type ReplyCounts } from "./expectations.ts";
import { createReplyScanner, scan, type ReplyScanner } from "./replies.ts";
import { openWire, type Wire } from "./socket.ts";

/** One connection under load. */
export interface Connection {
  wire: Wire;
  scanner: ReplyScanner;
  /** Requests whose replies have not come. */
  outstanding: number;
  isOpen: boolean;
}

export interface ConnectionEvents {
  /** Some replies have come: those of the requests from `from` on in the ring of commands. */
  onReplies(connection: Connection, replies: number, from: number): void;
  /** The connection was lost, and so many requests with it. */
  onLoss(connection: Connection, requests: number): void;
  /** There is a new one in its place. */
  onReconnect(connection: Connection): void;
  /** There is no new one. */
  onLost(error: Error): void;
}

export interface ConnectionPool {
  readonly connections: readonly Connection[];
  readonly close: () => void;
}

/** A connection that is lost is opened again, some times, because a server under load may drop one. */
const attempts = 5;
const pauseMs = 200;

/** Opens all connections of a plan. Rejects with the first that cannot be opened. */
export async function openConnections(plan: LoadPlan, recorder: Recorder, events: ConnectionEvents): Promise<ConnectionPool> {
  const state = { closed: false };
  const opened = await Promise.allSettled(Array.from({ length: plan.connections }, () => openWire(plan.address)));
  const refused = opened.find((each) => each.status === "rejected");
  const wires = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (refused !== undefined) {
    for (const { socket } of wires) socket.destroy();
    throw refused.reason;
  }
  const scannerOf = scannerFactory(plan, recorder);
  const connections = wires.map((wire): Connection => ({ wire, scanner: scannerOf(), outstanding: 0, isOpen: true }));
  for (const connection of connections) attach(connection, { plan, recorder, events, state, scannerOf });
  return {
    connections,
    close: () => {
      state.closed = true;
      for (const { wire } of connections) wire.socket.destroy();
    },
  };
}

interface Attachment {
  readonly plan: LoadPlan;
  readonly recorder: Recorder;
  readonly events: ConnectionEvents;
  readonly state: { readonly closed: boolean };
  readonly scannerOf: () => ReplyScanner;
}

function attach(connection: Connection, attachment: Attachment): void {
  const { recorder, events, state } = attachment;
  const { wire } = connection;
  wire.onBytes((bytes, length) => {
    const { scanner } = connection;
    const from = scanner.position;
    recorder.bytesReceived += length;
    const replies = scan(scanner, bytes, length);
    connection.outstanding -= replies;
    if (scanner.isBroken || connection.outstanding < 0) wire.socket.destroy(new Error("Unknown RESP type"));
    else if (replies > 0) events.onReplies(connection, replies, from);
  });
  wire.socket.on("error", () => {
    // "close" follows, and tells what matters: the requests under way have no answer.
  });
  wire.socket.once("close", () => {
    if (!state.closed) void reopen(connection, attachment);
  });
}

async function reopen(connection: Connection, attachment: Attachment): Promise<void> {
  const { plan, recorder, events, state, scannerOf } = attachment;
  const { scanner, outstanding } = connection;
  for (let lost = 0; lost < outstanding; lost++) countLost(countsOf(scanner, lost));
  Object.assign(connection, { outstanding: 0, isOpen: false });
  events.onLoss(connection, outstanding);
  let last = new Error("the connection was closed");
  for (let attempt = 0; attempt < attempts && !state.closed; attempt++) {
    try {
      connection.wire = await openWire(plan.address);
      if (state.closed) return void connection.wire.socket.destroy();
      Object.assign(connection, { scanner: scannerOf(), isOpen: true });
      recorder.reconnects++;
      attach(connection, attachment);
      return events.onReconnect(connection);
    } catch (error) {
      last = error as Error;
      await new Promise((resolve) => void setTimeout(resolve, pauseMs));
    }
  }
  if (!state.closed) events.onLost(last);
}

/** Where the request that lies so far ahead is counted. */
function countsOf({ expected: { commands, counts }, position }: ReplyScanner, ahead: number): ReplyCounts {
  return counts[commands[(position + ahead) % commands.length]!]!;
}

function scannerFactory(plan: LoadPlan, recorder: Recorder): () => ReplyScanner {
  const expectations = plan.commands.map(({ expect }) => compile(expect));
  const counts = recorder.commands.map((command) => command.counts);
  return () => createReplyScanner({ expectations, counts, commands: new Uint16Array(plan.pipeline) });
}
