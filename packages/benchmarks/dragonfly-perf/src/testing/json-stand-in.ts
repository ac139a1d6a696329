import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** As the documentation has it: a document begins at the root, and a member that is there is replaced. */
const setScript = `
  local document = cjson.decode(ARGV[2])
  if ARGV[1] ~= '$' then
    local kept = redis.call('GET', KEYS[1])
    if not kept then return redis.error_reply('ERR new objects must be created at the root') end
    local value = document
    document = cjson.decode(kept)
    document[string.sub(ARGV[1], 3)] = value
  end
  redis.call('SET', KEYS[1], cjson.encode(document), 'KEEPTTL')
  return redis.status_reply('OK')`;

/** As the documentation has it: a path that begins with $ gives the array of all that it finds. */
const getScript = `
  local kept = redis.call('GET', KEYS[1])
  return kept and cjson.encode({ cjson.decode(kept)[string.sub(ARGV[1], 3)] })`;

const scripts: Readonly<Record<string, string>> = { "JSON.SET": setScript, "JSON.GET": getScript };

/**
 * Stands in for a server with the JSON module: passes everything on to a real server without it, where scripts do what JSON.SET and JSON.GET of
 * a path with one member do.
 */
export async function withJsonStandIn<T>(port: number, test: (standInPort: number) => Promise<T>): Promise<T> {
  const standIn = createServer({ noDelay: true }, (client) => {
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    translate(client, server);
    server.pipe(client);
    for (const [one, other] of [[client, server], [server, client]] as const) one.on("error", () => one.destroy()).on("close", () => other.destroy());
  });
  await once(standIn.listen(0, "127.0.0.1"), "listening");
  try {
    return await test((standIn.address() as AddressInfo).port);
  } finally {
    standIn.close();
  }
}

function translate(client: Socket, server: Socket): void {
  let waiting = Buffer.alloc(0);
  client.on("data", (data: Buffer) => {
    waiting = Buffer.concat([waiting, data]);
    for (let request = readRequest(waiting); request !== undefined; request = readRequest(waiting)) {
      const script = scripts[request.words[0]!];
      server.write(script === undefined ? waiting.subarray(0, request.length) : requestOf(["EVAL", script, "1", ...request.words.slice(1)]));
      waiting = waiting.subarray(request.length);
    }
  });
}

/** The first request of the bytes, when it is all there. */
function readRequest(bytes: Buffer): { readonly words: readonly string[]; readonly length: number } | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf("\r\n", at);
    if (end === -1) return undefined;
    const text = bytes.toString("latin1", at, end);
    at = end + 2;
    return text;
  };
  const words: string[] = [];
  const count = Number(line()?.slice(1));
  while (words.length < count) {
    const length = Number(line()?.slice(1));
    if (Number.isNaN(length) || bytes.length < at + length + 2) return undefined;
    words.push(bytes.toString("utf8", at, at + length));
    at += length + 2;
  }
  return Number.isNaN(count) ? undefined : { words, length: at };
}

function requestOf(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
