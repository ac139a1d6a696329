import { createServer, type Socket } from "node:net";

/** A service that takes connections and never says a word. */
export interface SilentService {
  readonly port: number;
  /** How many connections there were. */
  readonly connections: () => number;
  /** Resolves with the first connection. */
  readonly connected: Promise<void>;
}

export async function withSilentService<T>(test: (service: SilentService) => Promise<T>): Promise<T> {
  const sockets: Socket[] = [];
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {
      // The other side may end as it likes.
    }));
    resolve();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    return await test({ port: (server.address() as { port: number }).port, connections: () => sockets.length, connected });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
