import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { isScriptError, type ScriptError } from "@org/exit-codes";
import { cacheServer, closedPort, startPrivateCache, type CacheServer } from "@org/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { ping, readInfo, serverFlavour, withCache, type CacheClient } from "./index.ts";

const clientName = "cache-tests";
let server: CacheServer;
beforeAll(async () => {
  server = await cacheServer();
});

test("runs the work, names the session and leaves none behind", async () => {
  const list = await withCache({ url: server.url, clientName: "with blank" }, (client) => client.call("CLIENT", "LIST"));
  expect(list).toContain("name=with-blank");
  await expect.poll(() => connected((client) => client.call("CLIENT", "LIST"))).not.toContain("name=with-blank");
});

test("PING takes a measurable time, INFO tells the flavour", async () => {
  const [took, info, memory] = await connected(async (client) => [await ping(client), await readInfo(client), await readInfo(client, ["server", "memory"])]);
  expect(took).toBeGreaterThan(0);
  expect(serverFlavour(info)).toEqual({ flavour: server.flavour, version: expect.stringMatching(/^\d+\.\d+/) });
  expect(Object.keys(memory).toSorted()).toEqual(["memory", "server"]);
});

test("selects the database of the URL", async () => {
  await withCache({ url: `${server.url}/3`, clientName }, async (client) => {
    expect(await client.call("CLIENT", "LIST")).toMatch(/name=cache-tests .*db=3/);
  });
});

test("what the work throws comes through, the server's refusals as they are", async () => {
  const bug = new TypeError("x is not a function");
  await expect(connected(() => Promise.reject(bug))).rejects.toBe(bug);
  await expect(connected((client) => client.call("NOSUCHCOMMAND"))).rejects.toMatchObject({ name: "ReplyError" });
});

describe("no session can be had", () => {
  test("refused, unknown host, missing socket", async () => {
    expect(await failure(`redis://:secret@127.0.0.1:${await closedPort()}`)).toMatchObject(failed("connection", "refused the connection"));
    expect(await failure("redis://:secret@nowhere.invalid")).toMatchObject(failed("connection", "nowhere.invalid"));
    expect(await failure("unix:///nowhere.sock?password=secret")).toMatchObject(failed("connection", "/nowhere.sock"));
  });

  test("wrong password, unknown user, none, and one too many", async () => {
    const at = `127.0.0.1:${server.port}`;
    expect(await failure(`redis://:secret@${at}`)).toMatchObject(failed("connection", "WRONGPASS"));
    expect(await failure(`redis://nobody:secret@${at}`)).toMatchObject(failed("connection", "nobody@"));
    expect(await failure(`redis://${at}`)).toMatchObject({ code: "connection", hint: expect.stringContaining("REDIS_URL") });
    await withPrivate({ password: null }, async ({ url }) => {
      expect(await failure(url.replace("redis://", "redis://:secret@"))).toMatchObject(failed("connection", "has no password set"));
      await expect(withCache({ url, clientName }, ping)).resolves.toBeGreaterThan(0);
    });
  });

  test("missing database number", async () => {
    expect(await failure(`${server.url}/9999`)).toMatchObject(failed("configuration", "9999"));
  });

  test("an account that may do less", async () => {
    await connected((client) => client.call("ACL", "SETUSER", "limited", "on", ">secret", "+ping", "+get", "~*"));
    await withCache({ url: `redis://limited:secret@127.0.0.1:${server.port}`, clientName }, async (client) => {
      expect(await ping(client)).toBeGreaterThan(0);
      await expect(client.set("a", "b")).rejects.toThrow("NOPERM");
    });
  });

  test("TLS asked of a server that has none", async () => {
    expect(await failure(server.url.replace("redis:", "rediss:"), 300)).toMatchObject({ code: "connection", hint: expect.stringContaining("redis://") });
  });

  test.each([
    ["never answers", "did not answer in time"],
    ["hangs up", "closed the connection"],
    ["speaks HTTP", "does not speak the Redis protocol"],
  ] as const)("a listener that %s", async (manner, reason) => {
    await withListener(manner, async (port) => {
      const started = performance.now();
      expect(await failure(`redis://:secret@127.0.0.1:${port}`, 200)).toMatchObject(failed("connection", reason));
      expect(performance.now() - started).toBeLessThan(2000);
    });
  });
});

test("PING answered with anything but PONG is a connection error", async () => {
  await withListener("says BOO", async (port) => {
    const error = await withCache({ url: `redis://127.0.0.1:${port}`, clientName }, ping).catch((reason: unknown) => reason);
    expect(error).toMatchObject(failed("connection", '"BOO"'));
  });
});

describe("abort rejects with the reason", () => {
  const reason = new Error("enough");

  test("while a command waits", async () => {
    const abort = new AbortController();
    const waiting = withCache({ url: server.url, clientName: "to-be-aborted", signal: abort.signal }, async (client) => {
      const popping = client.call("BLPOP", "never", "0");
      popping.catch(() => "closed");
      await expect.poll(() => connected((other) => other.call("CLIENT", "LIST"))).toMatch(/name=to-be-aborted .*cmd=blpop/);
      abort.abort(reason);
      return popping;
    });
    await expect(waiting).rejects.toBe(reason);
    await expect.poll(() => connected((client) => client.call("CLIENT", "LIST"))).not.toContain("name=to-be-aborted");
  });

  test("before and while connecting", async () => {
    await expect(withCache({ url: server.url, clientName, signal: AbortSignal.abort(reason) }, ping)).rejects.toBe(reason);
    await withListener("never answers", async (port) => {
      const options = { url: `redis://127.0.0.1:${port}`, clientName, signal: AbortSignal.timeout(50) };
      await expect(withCache(options, ping)).rejects.toMatchObject({ name: "TimeoutError" });
    });
  });
});

describe("lost under way is a connection error", () => {
  test("killed with -9 while a command waits", async () => {
    await withPrivate({}, async (own) => {
      const waiting = withCache({ url: own.url, clientName }, (client) => {
        const popping = client.call("BLPOP", "never", "0");
        own.kill("SIGKILL");
        return popping;
      });
      await expect(waiting).rejects.toMatchObject(failed("connection", "closed the connection"));
      await own.start();
    });
  });

  test("killed while the work waits for something else", async () => {
    const idle = withCache({ url: server.url, clientName }, async (client) => {
      const id = String(await client.call("CLIENT", "ID"));
      await connected((other) => other.call("CLIENT", "KILL", "ID", id));
      return new Promise(() => {});
    });
    await expect(idle).rejects.toMatchObject(failed("connection", "closed the connection"));
  });

  test("frozen: a command gets no answer", async () => {
    await withPrivate({}, async (own) => {
      const asking = withCache({ url: own.url, clientName, commandTimeoutMs: 100 }, async (client) => {
        own.kill("SIGSTOP");
        return client.get("a");
      });
      await expect(asking).rejects.toMatchObject(failed("connection", "did not answer in time"));
      own.kill("SIGCONT");
    });
  });
});

test.each(["p@ss", "a:b", "a/b", "a?b", "a#b", "a%b", "%41", "@:/?#%[]\u00e9"])("the password %j logs in", async (password) => {
  await connected((client) => client.call("ACL", "SETUSER", "odd", "reset", "on", `>${password}`, "+@all", "~*"));
  const url = `redis://odd:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
  expect(await withCache({ url, clientName }, (client) => client.call("ACL", "WHOAMI"))).toBe("odd");
});

function connected<T>(work: (client: CacheClient) => Promise<T>): Promise<T> {
  return withCache({ url: server.url, clientName }, work);
}

function failed(code: string, reason: string): object {
  return { code, message: expect.stringContaining(reason) };
}

async function failure(url: string, connectTimeoutMs = 5000): Promise<ScriptError> {
  const error: unknown = await withCache({ url, clientName, connectTimeoutMs }, ping).then(
    () => new Error("it connected"),
    (reason: unknown) => reason,
  );
  if (!isScriptError(error)) throw error;
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("secret");
  return error;
}

async function withPrivate(options: { password?: null }, work: (own: Awaited<ReturnType<typeof startPrivateCache>>) => Promise<void>): Promise<void> {
  const own = await startPrivateCache(options);
  try {
    await work(own);
  } finally {
    await own.stop();
  }
}

type Manner = "never answers" | "hangs up" | "speaks HTTP" | "says BOO";

async function withListener(manner: Manner, work: (port: number) => Promise<void>): Promise<void> {
  const listener = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    if (manner === "hangs up") socket.destroy();
    else if (manner === "never answers") socket.resume();
    else if (manner === "speaks HTTP") socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    else socket.on("data", (data) => socket.write("+BOO\r\n".repeat(data.toString().split("*").length - 1)));
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  try {
    await work((listener.address() as AddressInfo).port);
  } finally {
    listener.close();
  }
}
