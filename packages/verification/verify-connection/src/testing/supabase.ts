import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** Runs the test on an HTTP server that answers every request with the status that `answer` gives. */
export async function withSupabase<T>(answer: (request: IncomingMessage) => number, test: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    response.writeHead(answer(request), { location: "https://elsewhere.invalid/" }).end("{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
