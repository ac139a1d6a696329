import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** A server that answers each GET after a time that a script gives it, and not at all while it stalls. */
export interface ScriptedServer {
  readonly port: number;
  /** How much later than scripted each reply was sent: timers and other programs are not the script's. */
  readonly lateness: () => readonly number[];
  readonly close: () => void;
}

export interface Script {
  /** Milliseconds from the arrival of request number i, counted over all connections, to its reply. */
  readonly delayOf: (request: number) => number;
  /** Nothing is answered from the request of this number on for so long. */
  readonly stall?: { readonly atRequest: number; readonly ms: number };
}

/** Of 1000 requests 980 take 400 ms, 16 take 700 ms and 4 take 1500 ms: long against what timers and other programs add. */
export function scriptedDelay(request: number): number {
  const place = (request * 7919) % 1000;
  return place < 980 ? 400 : place < 996 ? 700 : 1_500;
}

const reply = Buffer.from("$1\r\nx\r\n");
const request = /\*\d+\r\n/gu;

export async function startScriptedServer({ delayOf, stall }: Script): Promise<ScriptedServer> {
  let seen = 0;
  let stalledUntil = 0;
  const lateness: number[] = [];
  const answer = (socket: Socket): void => {
    const number = seen++;
    const at = performance.now();
    if (stall !== undefined && number === stall.atRequest) stalledUntil = at + stall.ms;
    const due = Math.max(at + delayOf(number), stalledUntil);
    setTimeout(() => {
      lateness[number] = performance.now() - due;
      if (socket.writable) socket.write(reply);
    }, due - at);
  };
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.setEncoding("latin1").on("data", (text: string) => {
      for (const _ of text.matchAll(request)) answer(socket);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: (server.address() as AddressInfo).port, lateness: () => lateness, close: () => server.close() };
}
