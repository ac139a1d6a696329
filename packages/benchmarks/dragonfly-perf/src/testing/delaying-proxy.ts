import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** Passes everything on to a real server, and its answers so much later. */
export async function withDelayingProxy<T>(port: number, delayMs: number, test: (proxyPort: number) => Promise<T>): Promise<T> {
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => void setTimeout(() => client.writable && client.write(data), delayMs));
    for (const [one, other] of [[client, server], [server, client]] as const) one.on("error", () => one.destroy()).on("close", () => other.destroy());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  try {
    return await test((proxy.address() as AddressInfo).port);
  } finally {
    proxy.close();
  }
}
