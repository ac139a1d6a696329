import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

type Mode = "session" | "transaction";

/** Runs the test behind a pooler: it names a process of its own to its clients, and in transaction mode all of them share one session. */
export async function withPooler<T>(url: string, mode: Mode, test: (url: string) => Promise<T>): Promise<T> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const backend = mode === "transaction" ? sharedBackend(hostname, Number(port), sockets) : ownBackends(hostname, Number(port), sockets);
  const server = createServer((client) => {
    keep(client, sockets);
    backend(client);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const pooled = new URL(url);
    pooled.port = String((server.address() as AddressInfo).port);
    pooled.searchParams.set("sslmode", "disable");
    return await test(pooled.href);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

type Backend = (client: Socket) => void;

function ownBackends(host: string, port: number, sockets: Set<Socket>): Backend {
  return (client) => {
    const server = keep(connect(port, host), sockets);
    client.pipe(server);
    server.on("data", (data) => client.write(renamed(data)));
    server.on("end", () => client.end());
  };
}

/** The message BackendKeyData begins so; the process id follows. */
const keyData = Buffer.from([0x4b, 0, 0, 0, 12]);

function renamed(data: Buffer): Buffer {
  const at = data.indexOf(keyData);
  if (at >= 0) data.writeInt32BE(data.readInt32BE(at + keyData.length) + 1, at + keyData.length);
  return data;
}

const authenticationOk = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);

/** The first client logs in; each other one is given that session, and whoever asked last gets the answer. */
function sharedBackend(host: string, port: number, sockets: Set<Socket>): Backend {
  let server: Socket | undefined;
  let welcome = Buffer.alloc(0);
  let asking: Socket;
  return (client) => {
    asking = client;
    if (server === undefined) {
      server = keep(connect(port, host), sockets);
      server.on("data", (data) => {
        const greeting = data.indexOf(authenticationOk);
        if (greeting >= 0) welcome = Buffer.from(data.subarray(greeting));
        asking.write(renamed(data));
      });
    } else {
      client.once("data", () => client.write(renamed(Buffer.from(welcome))));
    }
    let greeted = welcome.length === 0;
    client.on("data", (data) => {
      // The first message of a later client is its login, which nobody asks for; X is its farewell.
      if (greeted && data[0] !== 0x58) {
        asking = client;
        server?.write(data);
      }
      greeted = true;
    });
  };
}

function keep(socket: Socket, sockets: Set<Socket>): Socket {
  sockets.add(socket.on("error", () => socket.destroy()));
  return socket;
}
