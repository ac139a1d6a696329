import { createServer, type IncomingMessage } from "node:http";

export interface HttpService {
  readonly port: number;
  /** What was asked, with the headers. */
  readonly requests: readonly { readonly path: string; readonly authorization: string | undefined; readonly body: string }[];
}

/** Takes every request and answers with an empty object: a Pushgateway or a Supabase gateway at its friendliest. */
export async function withHttpService<T>(test: (service: HttpService) => Promise<T>): Promise<T> {
  const requests: HttpService["requests"][number][] = [];
  const server = createServer(async (request, response) => {
    requests.push({ path: request.url ?? "", authorization: request.headers.authorization, body: await bodyOf(request) });
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await test({ port: (server.address() as { port: number }).port, requests });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
