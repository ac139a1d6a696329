import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** Around the delay asked for, in ms; they add up to nothing and alternate, so that any few of them do nearly. */
const offsets = [-18, -6, 6, 18, -10, 2, 14, -14, -2, 10];

/**
 * Passes everything on to a real server, and its answers `delayMs` later on average. The single delays differ, and each
 * connection starts at another one: with equal delays all connections answer at once, a short run then holds a whole
 * number of such rounds, and a difference of less than one round is not there to be found.
 */
export async function withDelayingProxy<T>(port: number, delayMs: number, test: (proxyPort: number) => Promise<T>): Promise<T> {
  let connections = 0;
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    let turn = connections++;
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => void setTimeout(() => client.writable && client.write(data), delayMs + offsets[turn++ % offsets.length]!));
    for (const [one, other] of [[client, server], [server, client]] as const) one.on("error", () => one.destroy()).on("close", () => other.destroy());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  try {
    return await test((proxy.address() as AddressInfo).port);
  } finally {
    proxy.close();
  }
}
