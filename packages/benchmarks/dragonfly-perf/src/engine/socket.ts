import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ServerAddress } from "./load-plan.ts";
import { compile, createReplyCounts } from "./expectations.ts";
import { createReplyScanner, scan } from "./replies.ts";

/** A connection that is logged in, and speaks the protocol and uses the database of the plan. */
export interface Wire {
  readonly socket: Socket;
  /** Takes what arrives from now on; the bytes are only valid during the call. */
  readonly onBytes: (handle: (bytes: Uint8Array, length: number) => void) => void;
}

const connectTimeoutMs = 5_000;

/** All connections of a thread read into one buffer, since each is emptied before the next is filled. */
const shared = Buffer.allocUnsafe(65_536);

/** Connects and logs in. Rejects with the socket's error, or with an Error that holds the server's refusal. */
export async function openWire(address: ServerAddress): Promise<Wire> {
  let handle = (_bytes: Uint8Array, _length: number): void => {};
  const socket = await connected(address, (bytes, length) => handle(bytes, length));
  const wire: Wire = { socket, onBytes: (next) => (handle = next) };
  try {
    await logIn(wire, address);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return wire;
}

function connected(address: ServerAddress, onBytes: (bytes: Uint8Array, length: number) => void): Promise<Socket> {
  const { host, port, socket: path, tls } = address;
  return new Promise((resolve, reject) => {
    const socket = tls
      ? // A name check needs a name; for an IP address the certificate must carry it.
        connectTls({ host, port })
      : connectTcp({ ...(path === undefined ? { host, port } : { path }), onread: { buffer: shared, callback: (length, bytes) => (onBytes(bytes, length), true) } });
    // TLS hands out buffers of its own.
    if (tls) socket.on("data", (bytes: Buffer) => onBytes(bytes, bytes.length));
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error(`no connection within ${connectTimeoutMs} ms`), { code: "ETIMEDOUT" })), connectTimeoutMs);
    socket.setNoDelay(true);
    socket.once("error", reject);
    socket.once("close", () => reject(connectionClosed()));
    socket.once(tls ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

async function logIn(wire: Wire, { user, password, database, protocol }: ServerAddress): Promise<void> {
  const steps: string[][] = [];
  const login = password === undefined ? [] : ["AUTH", ...(user === undefined ? [] : [user]), password];
  if (protocol === 3) steps.push(["HELLO", "3", ...(login.length === 0 ? [] : ["AUTH", user ?? "default", password!])]);
  else if (login.length > 0) steps.push(login);
  if (database !== 0) steps.push(["SELECT", String(database)]);
  for (const step of steps) await ask(wire, step);
}

/** Sends one command before the load begins; rejects with an error reply. */
function ask({ socket, onBytes }: Wire, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const counts = createReplyCounts();
    const scanner = createReplyScanner({ expectations: [anything], counts: [counts], commands: new Uint16Array(1) });
    const onClose = (): void => reject(connectionClosed());
    socket.once("close", onClose);
    onBytes((bytes, length) => {
      if (scan(scanner, bytes, length) === 0 && !scanner.isBroken) return;
      socket.off("close", onClose);
      if (scanner.isBroken) reject(new Error("Unknown RESP type"));
      else if (counts.errors.size > 0) reject(Object.assign(new Error(scanner.errorText), { name: "ReplyError" }));
      else resolve();
    });
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
  });
}

const anything = compile({ kinds: ["status", "integer", "bulk", "array", "double", "boolean"], nullIsMiss: true });

function connectionClosed(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}
