import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { inspect } from "node:util";
import { isScriptError, type ScriptError } from "@org/exit-codes";
import { closedPort, postgresServer, startPrivatePostgres, withScratchDatabase, type PostgresServer } from "@org/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { keepSession, quoteIdentifier, quoteLiteral, serverVersion, tableExists, withClient, withDatabase } from "./index.ts";
import type { PostgresClient, PostgresNotice } from "./index.ts";

const applicationName = "postgres-tests";
let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
});

test("runs the work, tells the version and leaves no session behind", async () => {
  const name = "left-behind?";
  const version = await withClient({ url: server.url, applicationName: name }, serverVersion);
  expect(version.text).toMatch(/^\d+\.\d+/);
  expect(Math.floor(version.number / 10_000)).toBe(Number.parseInt(version.text, 10));
  await until(async () => (await sessions(name)).length === 0);
});

test("what the work throws comes through, server errors with their SQLSTATE", async () => {
  const bug = new TypeError("x is not a function");
  await expect(connected(() => Promise.reject(bug))).rejects.toBe(bug);
  await expect(connected((client) => client.query("SELECT * FROM nowhere"))).rejects.toMatchObject({ code: "42P01" });
});

test("notices arrive", async () => {
  const notices: PostgresNotice[] = [];
  const options = { url: server.url, applicationName, onNotice: (notice: PostgresNotice) => void notices.push(notice) };
  await withClient(options, (client) => client.query("DO $$ BEGIN RAISE NOTICE 'hello'; END $$"));
  expect(notices).toMatchObject([{ severity: "NOTICE", message: "hello" }]);
});

test("a read-only session writes nothing and is bounded", async () => {
  const settings = await withClient({ url: server.url, applicationName, readOnly: true }, async (client) => {
    await expect(client.query("CREATE TABLE x ()")).rejects.toMatchObject({ code: "25006" });
    const names = ["default_transaction_read_only", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "application_name"];
    return settingsOf(client, names);
  });
  expect(settings).toEqual(["on", "10s", "50ms", "30s", applicationName]);
});

test("timeouts and the URL's own options reach the session", async () => {
  const url = `${server.url}?options=${encodeURIComponent("-c search_path=\"a\\ b\" -c work_mem=5MB")}`;
  const options = { url, applicationName, statementTimeoutMs: 1234, lockTimeoutMs: 567 };
  const names = ["search_path", "work_mem", "statement_timeout", "lock_timeout"];
  const settings = await withClient(options, (client) => settingsOf(client, names));
  expect(settings).toEqual(['"a b"', "5MB", "1234ms", "567ms"]);
});

test("a statement that still runs when the work has thrown is cancelled on the server", async () => {
  const name = "still-running";
  const bug = new TypeError("x is not a function");
  const working = withClient({ url: server.url, applicationName: name }, async (client) => {
    const sleeping = client.query("SELECT pg_sleep(600)");
    await until(async () => (await sessions(name, "active")).length === 1);
    await Promise.all([sleeping, Promise.reject(bug)]);
  });
  await expect(working).rejects.toBe(bug);
  await until(async () => (await sessions(name)).length === 0);
});

describe("a session that is kept", () => {
  const kept = (name: string, work: (client: PostgresClient) => Promise<unknown> = serverVersion) => keepSession({ url: server.url, applicationName: name }, work);

  test("does more work, within bounds that do not stay with it, until it is closed", async () => {
    const { value, session } = await kept("kept", async (client) => (await client.query<{ one: number }>("SELECT 1 AS one")).rows);
    expect(value).toEqual([{ one: 1 }]);
    const names = ["statement_timeout", "lock_timeout", "transaction_read_only"];
    expect(await session.use({ statementTimeoutMs: 1234, lockTimeoutMs: 567 }, (client) => settingsOf(client, names))).toEqual(["1234ms", "567ms", "off"]);
    expect(await session.use({}, (client) => settingsOf(client, names))).toEqual(["0", "0", "off"]);
    await expect(session.use({}, (client) => client.query("SELECT * FROM nowhere"))).rejects.toMatchObject({ code: "42P01" });
    expect(await sessions("kept")).toHaveLength(1);
    await session.close();
    expect(await sessions("kept")).toEqual([]);
    await session.close();
  });

  test("is left without waiting for the server, which ends it then", async () => {
    const { session } = await kept("kept-left");
    await session.leave();
    await until(async () => (await sessions("kept-left")).length === 0);
    await session.close();
  });

  test("of a server that is frozen is left at once", async () => {
    const backend = async (client: PostgresClient): Promise<number> => (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]!.pid;
    const { value: pid, session } = await keepSession({ url: server.url, applicationName }, backend);
    process.kill(pid, "SIGSTOP");
    try {
      expect(await Promise.race([session.leave().then(() => "left"), nextTurn("waits for the server")])).toBe("left");
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });

  test("is left with its statement cancelled on the server, when one still runs", async () => {
    const { session } = await kept("kept-left-busy");
    const sleeping = session.use({}, (client) => client.query("SELECT pg_sleep(600)")).catch((error: unknown) => error);
    await until(async () => (await sessions("kept-left-busy", "active")).length === 1);
    await session.leave();
    expect(await sleeping).toMatchObject({ code: "57014" });
    await until(async () => (await sessions("kept-left-busy")).length === 0);
  });

  test("that sends at once runs bounded work as one transaction: what fails leaves nothing, and the session goes on", async () => {
    const { session } = await keepSession({ url: server.url, applicationName, pipeline: true }, (client) => client.query("CREATE TEMP TABLE once (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)"));
    const bounds = { statementTimeoutMs: 1234, lockTimeoutMs: 567 };
    expect(await session.use(bounds, (client) => settingsOf(client, ["statement_timeout", "lock_timeout"]))).toEqual(["1234ms", "567ms"]);
    await session.use(bounds, (client) => client.query("INSERT INTO once VALUES ($1)", [1]));
    await expect(session.use(bounds, (client) => client.query("INSERT INTO once SELECT 1 / (3 - n) FROM generate_series(1, 3) AS n"))).rejects.toMatchObject({ code: "22012" });
    await expect(session.use(bounds, (client) => client.query("INSERT INTO once VALUES ($1)", [1]))).rejects.toMatchObject({ code: "23505" });
    await expect(session.use({ ...bounds, statementTimeoutMs: 1 }, (client) => client.query("SELECT pg_sleep(600)"))).rejects.toMatchObject({ code: "57014" });
    expect(await session.use({}, async (client) => (await client.query("SELECT id, current_setting('lock_timeout') AS t FROM once")).rows)).toEqual([{ id: 1, t: "0" }]);
    await session.close();
  });

  test("is closed when its first work throws", async () => {
    const bug = new TypeError("x is not a function");
    await expect(kept("kept-failing", () => Promise.reject(bug))).rejects.toBe(bug);
    expect(await sessions("kept-failing")).toEqual([]);
  });

  test("that the server ended is a connection error for more work, and can be closed", async () => {
    const { session } = await kept("kept-lost");
    await connected((client) => client.query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'kept-lost'"));
    await expect(session.use({}, serverVersion)).rejects.toMatchObject({ code: "connection" });
    await session.close();
  });

  test("is closed by an abort of more work, and the statement is cancelled on the server", async () => {
    const { session } = await kept("kept-aborted");
    const abort = new AbortController();
    const reason = new Error("enough");
    const working = session.use({ signal: abort.signal }, async (client) => client.query("SELECT pg_sleep(600)"));
    await until(async () => (await sessions("kept-aborted", "active")).length === 1);
    abort.abort(reason);
    await expect(working).rejects.toBe(reason);
    await until(async () => (await sessions("kept-aborted")).length === 0);
  });

  test("still ends with the signal that it was opened with", async () => {
    const abort = new AbortController();
    const { session } = await keepSession({ url: server.url, applicationName: "kept-first-signal", signal: abort.signal }, serverVersion);
    abort.abort(new Error("enough"));
    await until(async () => (await sessions("kept-first-signal")).length === 0);
    await session.close();
  });
});

describe("no session can be had", () => {
  test("refused", async () => {
    const error = await failure(`postgres://app:secret@127.0.0.1:${await closedPort()}/shop`);
    expect(error).toMatchObject(failed("connection", "refused the connection"));
  });

  test("unknown host", async () => {
    expect(await failure("postgres://app:secret@nowhere.invalid/shop")).toMatchObject(failed("connection", "nowhere.invalid"));
  });

  test("missing socket", async () => {
    expect(await failure("postgres://app:secret@/shop?host=/nowhere")).toMatchObject(failed("connection", "/nowhere/.s.PGSQL.5432"));
  });

  test("wrong password, unknown role and none", async () => {
    const at = `127.0.0.1:${server.port}/postgres`;
    expect(await failure(`postgres://postgres:secret@${at}`)).toMatchObject(failed("connection", "28P01"));
    expect(await failure(`postgres://nobody:secret@${at}`)).toMatchObject({ code: "connection", message: expect.stringMatching(/nobody.*SQLSTATE 28/) });
    expect(await failure(`postgres://postgres@${at}`)).toMatchObject(failed("connection", "wants a password"));
  });

  test("missing database", async () => {
    const error = await failure(withDatabase(server.url, "missing"));
    expect(error).toMatchObject({ code: "dependency", message: expect.stringContaining('"missing"'), hint: expect.stringContaining("npx @org/init-database") });
  });

  test("no right to connect", async () => {
    await withScratchDatabase(async (url, { name }) => {
      const role = `locked_out_${name}`;
      await connected((client) => client.query(`REVOKE CONNECT ON DATABASE ${name} FROM public; CREATE ROLE ${role} LOGIN PASSWORD 'secret'`));
      const login = new URL(url);
      [login.username, login.password] = [role, "secret"];
      const grant = `GRANT CONNECT ON DATABASE ${name} TO ${role};`;
      expect(await failure(login.href)).toMatchObject({ code: "permission", hint: expect.stringContaining(grant) });
      await connected((client) => client.query(`DROP ROLE ${role}`));
    });
  });

  test("TLS asked of a server that has none; prefer does without", async () => {
    expect(await failure(`${server.url}?sslmode=require`)).toMatchObject(failed("connection", "does not speak TLS, which sslmode=require"));
    await expect(withClient({ url: `${server.url}?sslmode=prefer`, applicationName }, serverVersion)).resolves.toBeDefined();
  });

  test("unreadable certificate", async () => {
    expect(await failure(`${server.url}?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem`)).toMatchObject(failed("configuration", "/nowhere/ca.pem"));
    expect(await failure(`${server.url}?sslmode=verify-ca`)).toMatchObject({ code: "configuration", hint: expect.stringContaining("sslrootcert") });
  });

  test("a listener that never answers, and one that hangs up", async () => {
    await withListener("mute", async (port) => {
      const started = performance.now();
      expect(await failure(`postgres://app:secret@127.0.0.1:${port}/shop`, 200)).toMatchObject(failed("connection", "did not answer in time"));
      expect(performance.now() - started).toBeLessThan(2000);
    });
    await withListener("rude", async (port) => {
      expect(await failure(`postgres://app:secret@127.0.0.1:${port}/shop`)).toMatchObject(failed("connection", "closed the connection"));
    });
  });

  test("a bad URL", async () => {
    expect(await failure("postgres://app:secret#1@h/shop")).toMatchObject({ code: "configuration" });
  });
});

describe("abort", () => {
  test("cancels the running statement on the server and rejects with the reason", async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const options = { url: server.url, applicationName: "to-be-aborted", signal: abort.signal };
    const aborted = withClient(options, async (client) => {
      const sleeping = client.query("SELECT pg_sleep(600)");
      await until(async () => (await sessions("to-be-aborted", "active")).length === 1);
      abort.abort(reason);
      return sleeping;
    });
    await expect(aborted).rejects.toBe(reason);
    await until(async () => (await sessions("to-be-aborted")).length === 0);
  });

  test("ends work that waits for something else", async () => {
    const options = { url: server.url, applicationName, signal: AbortSignal.timeout(50) };
    await expect(withClient(options, () => new Promise(() => {}))).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("before and while connecting", async () => {
    const reason = new Error("enough");
    await expect(withClient({ url: server.url, applicationName, signal: AbortSignal.abort(reason) }, serverVersion)).rejects.toBe(reason);
    await withListener("mute", async (port) => {
      const options = { url: `postgres://u@127.0.0.1:${port}/d`, applicationName, signal: AbortSignal.timeout(50) };
      await expect(withClient(options, serverVersion)).rejects.toMatchObject({ name: "TimeoutError" });
    });
  });
});

describe("a connection lost under way is a connection error", () => {
  const lost = { code: "connection", message: expect.stringMatching(/closed the connection|ended the session/) };

  test("while a statement runs, server killed with -9", async () => {
    const own = await startPrivatePostgres();
    try {
      const running = withClient({ url: own.url, applicationName }, async (client) => {
        const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        const sleeping = client.query("SELECT pg_sleep(600)");
        own.kill("SIGKILL");
        process.kill(rows[0]?.pid ?? 0, "SIGKILL");
        return sleeping;
      });
      await expect(running).rejects.toMatchObject(lost);
    } finally {
      await own.start();
      await own.stop();
    }
  });

  test("while the work waits for something else", async () => {
    const idle = withClient({ url: server.url, applicationName: "idle-victim" }, async () => {
      await connected((client) => client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'idle-victim'"));
      return new Promise(() => {});
    });
    await expect(idle).rejects.toMatchObject(lost);
  });
});

test.each(['"; drop table x; --', "with blank", "new\nline", "\u00fcn\u00efc\u00f6d\u00e9 \u{1f418}", "back\\slash'quote", "..", "%41"])(
  "the name %j works as role, password, database, table and constant",
  async (name) => {
    const role = `${name} role`;
    await connected((client) => client.query(`CREATE ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${quoteLiteral(name)}`));
    await connected((client) => client.query(`CREATE DATABASE ${quoteIdentifier(name)} OWNER ${quoteIdentifier(role)}`));
    const url = `postgres://${encodeURIComponent(role)}:${encodeURIComponent(name)}@127.0.0.1:${server.port}/postgres`;
    await withClient({ url: withDatabase(url, name), applicationName }, async (client) => {
      await client.query(`CREATE SCHEMA s; CREATE TABLE s.${quoteIdentifier(name)} (a text)`);
      expect(await tableExists(client, "s", name)).toBe(true);
      expect(await tableExists(client, "public", name)).toBe(false);
      expect((await client.query(`SELECT ${quoteLiteral(name)} AS value, current_database() AS database`)).rows).toEqual([{ value: name, database: name }]);
    });
    await connected((client) => client.query(`DROP DATABASE ${quoteIdentifier(name)}`));
    await connected((client) => client.query(`DROP ROLE ${quoteIdentifier(role)}`));
  },
);

test.each(["p@ss", "a:b", "a/b", "a?b", "a#b", "a%b", "%41", "@:/?#%[] "])("the password %j logs in", async (password) => {
  await connected((client) => client.query(`DROP ROLE IF EXISTS odd_password; CREATE ROLE odd_password LOGIN PASSWORD ${quoteLiteral(password)}`));
  const url = `postgres://odd_password:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres`;
  const { rows } = await withClient({ url, applicationName }, (client) => client.query("SELECT current_user AS me"));
  expect(rows).toEqual([{ me: "odd_password" }]);
});

function connected<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withClient({ url: server.url, applicationName }, work);
}

function failed(code: string, reason: string): object {
  return { code, message: expect.stringContaining(reason) };
}

async function failure(url: string, connectTimeoutMs = 5000): Promise<ScriptError> {
  const error: unknown = await withClient({ url, applicationName, connectTimeoutMs }, serverVersion).then(
    () => new Error("it connected"),
    (reason: unknown) => reason,
  );
  if (!isScriptError(error)) throw error;
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("secret");
  return error;
}

async function settingsOf(client: PostgresClient, names: readonly string[]): Promise<string[]> {
  const text = "SELECT current_setting(name) AS value FROM unnest($1::text[]) WITH ORDINALITY AS t (name, place) ORDER BY place";
  const { rows } = await client.query<{ value: string }>(text, [names]);
  return rows.map(({ value }) => value);
}

async function sessions(name: string, state = "%"): Promise<unknown[]> {
  const text = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND coalesce(state, '') LIKE $2";
  return (await connected((client) => client.query(text, [name, state]))).rows;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 10_000 }).toBe(true);
}

async function withListener(manner: "mute" | "rude", work: (port: number) => Promise<void>): Promise<void> {
  const listener = createServer((socket) => (manner === "rude" ? socket.destroy() : socket.on("error", () => socket.destroy()).resume()));
  await once(listener.listen(0, "127.0.0.1"), "listening");
  try {
    await work((listener.address() as AddressInfo).port);
  } finally {
    listener.close();
  }
}
