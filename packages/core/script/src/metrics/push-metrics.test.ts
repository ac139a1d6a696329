import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { recordingLogger } from "../testing/recording-logger.ts";
import { sampleReport } from "../testing/sample-report.ts";
import { pushMetrics } from "./index.ts";

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A Pushgateway that answers with one status, or with 0 not at all. */
async function pushgateway(status: number): Promise<{ readonly port: number; readonly received: Received[] }> {
  const received: Received[] = [];
  const server: Server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    received.push({ method: request.method, url: request.url, headers: request.headers, body });
    if (status !== 0) response.writeHead(status).end(status === 200 ? "" : "the text is bad\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received };
}

async function push(url: string, changes = {}): Promise<string[]> {
  const logger = recordingLogger();
  await pushMetrics({ url, report: sampleReport(changes), logger });
  return logger.warnings;
}

test("replaces the group of the script, with the credentials of the URL", async () => {
  const { port, received } = await pushgateway(200);
  expect(await push(`http://ops:p%40ss@127.0.0.1:${port}/gateway/`)).toEqual([]);
  expect(received).toEqual([
    {
      method: "PUT",
      url: "/gateway/metrics/job/platform_scripts/script/verify_connection",
      headers: expect.objectContaining({ "content-type": "text/plain; version=0.0.4", authorization: `Basic ${btoa("ops:p@ss")}` }) as unknown,
      body: expect.stringContaining('script_exit_code{script="verify_connection"} 6\n') as unknown,
    },
  ]);
});

test("a dry run is not pushed", async () => {
  const { port, received } = await pushgateway(200);
  const { run } = sampleReport();
  expect(await push(`http://127.0.0.1:${port}`, { run: { ...run, dryRun: true } })).toEqual([]);
  expect(received).toEqual([]);
});

test.each([
  ["that refuses the text", 400, "it answered 400: the text is bad"],
  ["that does not answer", 0, "it did not answer within 3 s"],
])("a gateway %s is a warning", async (_, status, reason) => {
  const { port } = await pushgateway(status);
  expect(await push(`http://127.0.0.1:${port}`)).toEqual([`The metrics are not pushed to the Pushgateway: ${reason}.`]);
});

test("a gateway that is not there, and a URL that is none, are warnings without the password", async () => {
  expect((await push("http://ops:hunter2@127.0.0.1:1")).join()).toMatch(/^The metrics are not pushed to the Pushgateway: .*(ECONNREFUSED|bad port)/u);
  const [warning] = await push("hunter2 is no URL");
  expect(warning).toBe("The metrics are not pushed to the Pushgateway: Invalid URL.");
});
