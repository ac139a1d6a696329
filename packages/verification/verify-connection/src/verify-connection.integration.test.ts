import { once } from "node:events";
import { chmod, chown, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withClient, withDatabase } from "@org/postgres";
import type { CheckResult, PlatformConfig, Report } from "@org/script";
import { closedPort, createScratchDatabase, freePort, makeCertificate, postgresServer, runBin, runProcess, startBin, startPrivatePostgres, startProcess, withTempFolder, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyConnection, type ConnectionData } from "./index.ts";
import { withPooler } from "./testing/pooler.ts";
import { withSupabase } from "./testing/supabase.ts";

// Needs Postgres.
let database: ScratchDatabase;
let role: string;
let roleUrl: string;

beforeAll(async () => {
  database = await createScratchDatabase();
  role = `${database.name}_app`;
  const url = new URL(database.url);
  [url.username, url.password] = [role, "app-password"];
  roleUrl = url.href;
  await sql(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'app-password'; CREATE SCHEMA app; CREATE SCHEMA closed; CREATE SCHEMA platform;
    GRANT USAGE ON SCHEMA app, platform TO ${role}`);
});
afterAll(async () => {
  const { url } = await postgresServer();
  await database.drop();
  await sql(url, `DROP ROLE ${role}`);
});

const sql = (url: string, text: string): Promise<unknown> => withClient({ url, applicationName: "tests" }, (client) => client.query(text));

async function verified(url: string, config?: PlatformConfig, input: object = {}): Promise<Report<ConnectionData>> {
  if (config === undefined) return verifyConnection({ databaseUrl: url, ...input });
  return withTempFolder(async (folder) => {
    const file = join(folder, "platform.config.json");
    await writeFile(file, JSON.stringify(config));
    return verifyConnection({ databaseUrl: url, ...input }, { config: file });
  });
}

function check({ checks }: Report<ConnectionData>, id: string): CheckResult {
  return checks.find((candidate) => candidate.id === id)!;
}

/** Everything above the failed layer is not reached. */
function expectFailure(report: Report<ConnectionData>, layer: string, exitCode: number): CheckResult {
  expect(report).toMatchObject({ verdict: "fail", exitCode, data: { failedLayer: layer } });
  const at = report.checks.findIndex(({ id }) => id === `postgres.${layer}`);
  const above = report.checks.slice(at + 1).filter(({ id }) => id.startsWith("postgres."));
  expect(above.every(({ verdict, evidence }) => verdict === "unknown" && evidence === `not reached: postgres.${layer} failed`)).toBe(true);
  return report.checks[at]!;
}

test("a least-privilege role on a healthy server passes every check", async () => {
  const report = await verified(roleUrl, { database: { schemas: ["app"] } });
  expect(report.checks.filter(({ verdict }) => verdict !== "pass").map(({ id, verdict }) => [id, verdict])).toEqual(
    ["postgres.dns", "postgres.tls", "postgres.replication-lag", "supabase.rest", "supabase.auth"].map((id) => [id, "skipped"]),
  );
  expect(report).toMatchObject({
    verdict: "pass",
    exitCode: 0,
    data: {
      target: expect.stringMatching(`^${role}@127.0.0.1:\\d+/${database.name}$`),
      failedLayer: null,
      tls: null,
      server: { role, superuser: false, replica: false, readOnlyByDefault: false, pooler: "none" },
    },
  });
  expect(report.data!.layers.map(({ name, ms }) => [name, typeof ms])).toEqual([
    ["config", "number"],
    ["dns", "object"],
    ["tcp", "number"],
    ["tls", "object"],
    ["auth", "number"],
    ["database", "number"],
    ["query", "number"],
  ]);
});

test("the importable function and --json give the same report", async () => {
  const imported = await verified(roleUrl);
  const { stdout, stderr, exitCode } = await runBin("verify-connection", ["--json", "--no-history", "--database-url", roleUrl], { cwd: tmpdir() });
  const printed = JSON.parse(stdout) as Report<ConnectionData>;
  expect([exitCode, Object.keys(printed), Object.keys(printed.data!)]).toEqual([0, Object.keys(imported), Object.keys(imported.data!)]);
  expect(printed.checks.map(({ id, verdict }) => [id, verdict])).toEqual(imported.checks.map(({ id, verdict }) => [id, verdict]));
  expect(stdout + stderr).not.toContain("app-password");
});

describe("layers", () => {
  test("config", async () => {
    expect(expectFailure(await verified("mysql://x"), "config", 3)).toMatchObject({ verdict: "fail", code: "configuration" });
    expect(check(await verified(`${roleUrl}?schema=public`), "postgres.config")).toMatchObject({
      verdict: "pass",
      evidence: expect.stringContaining("without effect here: schema"),
    });
  });

  test("dns", async () => {
    expect(expectFailure(await verified("postgres://a:b@nowhere.invalid/x"), "dns", 4)).toMatchObject({
      code: "connection",
      evidence: expect.stringContaining("does not resolve"),
    });
    const named = await verified(roleUrl.replace("127.0.0.1", "localhost"));
    expect(check(named, "postgres.dns")).toMatchObject({ verdict: "pass", unit: "ms" });
    expect(named.data!.addresses).toContainEqual({ address: "127.0.0.1", ms: expect.any(Number), error: null });
  });

  test("tcp", async () => {
    const refused = expectFailure(await verified(`postgres://a:b@127.0.0.1:${await closedPort()}/x`), "tcp", 4);
    expect(refused).toMatchObject({ code: "connection", remedy: expect.stringContaining("npx @org/start-dependencies") });
    expect(expectFailure(await verified("postgres://a:b@/x?host=/nowhere"), "tcp", 4)).toMatchObject({ evidence: expect.stringContaining("has no socket") });
  });

  test("tls demanded of a server without it", async () => {
    const report = await verified(`${roleUrl}?sslmode=require`);
    expect(expectFailure(report, "tls", 4)).toMatchObject({ code: "connection", evidence: expect.stringContaining("sslmode=require") });
  });

  test("no encryption is told where others may listen", async () => {
    // 0.0.0.0 leads here as well, and is no loopback address.
    for (const parameters of ["", "?sslmode=disable"]) {
      expect(check(await verified(roleUrl.replace("127.0.0.1", "0.0.0.0") + parameters), "postgres.tls")).toMatchObject({ verdict: "warn" });
    }
  });

  test("tls spoken by something else", async () => {
    const listener = createServer((socket) => socket.on("error", () => socket.destroy()).once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    await once(listener.listen(0, "127.0.0.1"), "listening");
    expect(expectFailure(await verified(`postgres://a:b@127.0.0.1:${(listener.address() as AddressInfo).port}/x`), "tls", 4).evidence).toContain("no Postgres");
    listener.close();
  });

  test("auth", async () => {
    expect(expectFailure(await verified(roleUrl.replace("app-password", "wrong")), "auth", 4)).toMatchObject({
      code: "connection",
      evidence: expect.stringContaining("28P01"),
    });
  });

  test("database", async () => {
    const missing = await verified(withDatabase(roleUrl, "no_such_database"));
    expect(expectFailure(missing, "database", 2)).toMatchObject({ code: "dependency", remedy: "Create it: npx @org/init-database." });
    expect(check(missing, "postgres.auth")).toMatchObject({ verdict: "pass" });
    await sql(database.url, `REVOKE CONNECT ON DATABASE ${database.name} FROM PUBLIC`);
    const closed = await verified(roleUrl);
    await sql(database.url, `GRANT CONNECT ON DATABASE ${database.name} TO PUBLIC`);
    expect(expectFailure(closed, "database", 5)).toMatchObject({
      code: "permission",
      remedy: expect.stringContaining(`GRANT CONNECT ON DATABASE ${database.name} TO ${role}`),
    });
  });
});

test("TLS: protocol, days left, and a certificate that is not for this host", async () => {
  const server = await startPrivatePostgres();
  try {
    const [certificate, key] = [join(server.dataDir, "server.crt"), join(server.dataDir, "server.key")];
    await makeCertificate({ certificate, key });
    const { uid, gid } = await stat(server.dataDir);
    for (const file of [certificate, key]) await chown(file, uid, gid);
    await chmod(key, 0o600);
    await sql(server.url, "ALTER SYSTEM SET ssl = on");
    await sql(server.url, "SELECT pg_reload_conf()");
    await expect.poll(async () => (await verified(server.url)).data!.tls).toMatchObject({
      protocol: "TLSv1.3",
      verified: false,
      subject: "localhost",
      daysLeft: 29,
    });
    const full = `${server.url.replace("127.0.0.1", "localhost")}?sslmode=verify-full&sslrootcert=${certificate}`;
    const report = await verified(full);
    expect(check(report, "postgres.tls")).toMatchObject({ verdict: "pass", value: 29, unit: "days" });
    expect(report.data!.tls).toMatchObject({ verified: true });
    expect(check(await verified(full, { thresholds: { "postgres.tls": 31 } }), "postgres.tls")).toMatchObject({
      verdict: "fail",
      threshold: { value: 31, source: "config" },
    });
    expect(expectFailure(await verified(full.replace("localhost", "127.0.0.1")), "tls", 4)).toMatchObject({ code: "connection" });
    expect(expectFailure(await verified(`${server.url}?sslmode=verify-full&sslrootcert=/nowhere.pem`), "tls", 3)).toMatchObject({ code: "configuration" });
  } finally {
    await server.stop();
  }
});

describe("rights", () => {
  test("a superuser and a role that policies do not hold are told", async () => {
    expect(check(await verified(database.url), "postgres.role")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("superuser") });
    await sql(database.url, `ALTER ROLE ${role} BYPASSRLS`);
    const report = await verified(roleUrl);
    await sql(database.url, `ALTER ROLE ${role} NOBYPASSRLS`);
    expect(check(report, "postgres.role")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("BYPASSRLS") });
  });

  test("a missing schema is a dependency, a closed one a missing right", async () => {
    const missing = await verified(roleUrl, { database: { schemas: ["app", "absent"] } });
    expect([missing.exitCode, check(missing, "postgres.schemas")]).toMatchObject([2, { verdict: "fail", evidence: "missing: absent" }]);
    const closed = await verified(roleUrl, { database: { schemas: ["app", "closed"] } });
    expect([closed.exitCode, check(closed, "postgres.schemas")]).toMatchObject([5, { verdict: "fail", remedy: `GRANT USAGE ON SCHEMA "closed" TO "${role}";` }]);
  });

  test("the state schema is wanted and not demanded", async () => {
    expect(check(await verified(roleUrl, undefined, { stateSchema: "absent" }), "postgres.state")).toMatchObject({
      verdict: "warn",
      remedy: expect.stringContaining("init-database"),
    });
    expect(check(await verified(roleUrl, undefined, { stateSchema: "closed" }), "postgres.state")).toMatchObject({
      verdict: "warn",
      remedy: expect.stringContaining("GRANT USAGE"),
    });
  });

  test("the session is read-only", async () => {
    await withTempFolder(async (folder) => {
      const config = join(folder, "platform.config.mjs");
      await writeFile(config, `export default { checks: [
        {
          script: "verify-connection",
          id: "app.tables",
          title: "Tables",
          run: async ({ client }) => ({ verdict: "pass", evidence: String((await client.query("SELECT 7 AS n")).rows[0].n) }),
        },
        {
          script: "verify-connection",
          id: "app.write",
          title: "Write",
          run: async ({ client }) => { await client.query("CREATE TABLE app.t ()"); return { verdict: "pass", evidence: "wrote" }; },
        },
      ] };`);
      const report = await verifyConnection({ databaseUrl: database.url }, { config });
      expect(check(report, "app.tables")).toMatchObject({ verdict: "pass", evidence: "7" });
      expect(check(report, "app.write")).toMatchObject({ verdict: "unknown", evidence: expect.stringContaining("read-only") });
    });
  });
});

describe("server", () => {
  test("limits of the config bind", async () => {
    const thresholds = { "postgres.tcp": 0, "postgres.auth": 0, "postgres.query": 0, "postgres.connections": 0, "postgres.dns": 0 };
    const report = await verified(roleUrl.replace("127.0.0.1", "localhost"), { thresholds });
    expect(report.exitCode).toBe(6);
    expect(check(report, "postgres.dns")).toMatchObject({ verdict: "fail", threshold: { value: 0, source: "config" } });
  });

  test("sessions that are read-only by default are told", async () => {
    await sql(database.url, `ALTER ROLE ${role} SET default_transaction_read_only = on`);
    const report = await verified(roleUrl);
    await sql(database.url, `ALTER ROLE ${role} RESET default_transaction_read_only`);
    expect(check(report, "postgres.writable")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("default_transaction_read_only") });
  });

  test("a refused second session leaves its questions open", async () => {
    await sql(database.url, `ALTER ROLE ${role} CONNECTION LIMIT 1`);
    const report = await verified(roleUrl);
    await sql(database.url, `ALTER ROLE ${role} CONNECTION LIMIT -1`);
    expect(report.exitCode).toBe(6);
    expect(check(report, "postgres.auth")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("second one refused") });
    expect(check(report, "postgres.pooler")).toMatchObject({ verdict: "unknown" });
    expect(check(report, "postgres.connections")).toMatchObject({ verdict: "warn", value: 100 });
  });

  test.each([
    ["session", "pass"],
    ["transaction", "warn"],
  ] as const)("a pooler in %s mode: %s", async (mode, verdict) => {
    await withPooler(roleUrl, mode, async (url) => {
      const report = await verified(url);
      expect(check(report, "postgres.pooler")).toMatchObject({ verdict });
      expect(report.data!.server.pooler).toBe(mode);
    });
  });

  test("a replica is told, and how far it is behind", async () => {
    const primary = await startPrivatePostgres();
    const folder = `${primary.dataDir}-replica`;
    const { uid, gid } = await stat(primary.dataDir);
    const port = await freePort();
    expect(await runProcess(join(primary.binDir, "pg_basebackup"), ["-D", folder, "-R", "-c", "fast", "-d", primary.url], { uid, gid, cwd: "/" })).toMatchObject({
      exitCode: 0,
    });
    const replica = startProcess(
      join(primary.binDir, "postgres"),
      ["-D", folder, "-p", String(port), "-h", "127.0.0.1", "-k", "", "-c", "max_connections=200"],
      { uid, gid, cwd: "/", timeout: 120_000 },
    );
    try {
      const url = primary.url.replace(`:${primary.port}/`, `:${port}/`);
      await expect.poll(async () => (await verified(url)).exitCode, { timeout: 30_000 }).toBe(0);
      const strict = { thresholds: { "postgres.replication-lag": 0 } };
      await expect.poll(async () => check(await verified(url, strict), "postgres.replication-lag").verdict).toBe("pass");
      expect(check(await verified(url), "postgres.writable")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("replica") });
      await sql(primary.url, "CREATE TABLE seen ()");
      await expect.poll(() => sql(url, "SELECT FROM seen").then(() => "replayed", (error: Error) => error.message)).toBe("replayed");
      await sql(url, "SELECT pg_wal_replay_pause()");
      await sql(primary.url, "CREATE TABLE unseen ()");
      await expect.poll(async () => check(await verified(url, strict), "postgres.replication-lag")).toMatchObject({ verdict: "fail", unit: "s" });
    } finally {
      replica.kill("SIGINT");
      await replica.done;
      await rm(folder, { recursive: true, force: true });
      await primary.stop();
    }
  });
});

describe("Supabase", () => {
  const key = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.signature";
  const asked = (supabaseUrl: string, supabaseAnonKey?: string): Promise<Report<ConnectionData>> => verified(roleUrl, undefined, { supabaseUrl, supabaseAnonKey });

  test("answers", async () => {
    const seen: string[] = [];
    await withSupabase(({ url, headers }) => (seen.push(`${url} ${String(headers["apikey"])} ${headers.authorization}`), 200), async (url) => {
      const report = await asked(`${url}/`, key);
      expect([check(report, "supabase.rest"), check(report, "supabase.auth")]).toMatchObject([{ verdict: "pass", unit: "ms" }, { verdict: "pass" }]);
      await asked(url, "sb_publishable_0123456789");
    });
    expect(seen.toSorted()).toEqual([
      `/auth/v1/health ${key} Bearer ${key}`,
      "/auth/v1/health sb_publishable_0123456789 undefined",
      `/rest/v1/ ${key} Bearer ${key}`,
      "/rest/v1/ sb_publishable_0123456789 undefined",
    ]);
  });

  test.each([
    [401, key, "fail", 4],
    [401, undefined, "unknown", 6],
    [503, key, "fail", 4],
    [302, key, "fail", 4],
  ])("status %d with key %s: %s", async (status, anonKey, verdict, exitCode) => {
    await withSupabase(() => status, async (url) => {
      const report = await asked(url, anonKey);
      expect([check(report, "supabase.rest").verdict, report.exitCode]).toEqual([verdict, exitCode]);
      expect(JSON.stringify(report)).not.toContain(key);
    });
  });

  test("refused, and no address at all; the database is verified all the same", async () => {
    const refused = await asked(`http://127.0.0.1:${await closedPort()}`);
    expect([check(refused, "supabase.rest"), check(refused, "postgres.query").verdict, refused.exitCode]).toMatchObject([
      { verdict: "fail", code: "connection" },
      "pass",
      4,
    ]);
    expect(await asked("ftp://x")).toMatchObject({ exitCode: 3 });
  });
});

describe("as a command", () => {
  test("renders", async () => {
    const { stdout, exitCode } = await runBin("verify-connection", ["--no-history"], { cwd: tmpdir(), env: { DATABASE_URL: roleUrl } });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^verify-connection .*\n\n\S+@127\.0\.0\.1:\d+\/\S+, PostgreSQL [\d.]+, primary, role \S+\nconfig [\d.]+ ms > dns - > tcp [\d.]+ ms > tls - > auth [\d.]+ ms > database [\d.]+ ms > query [\d.]+ ms\n/,
    );
  });

  test.each([
    ["an unknown flag", ["--no-such"], 3],
    ["no DATABASE_URL", [], 3],
    ["a bad URL", ["--database-url", "nonsense"], 3],
    ["a dry run", ["--dry-run", "--database-url", "postgres://127.0.0.1:1/x"], 10],
  ])("%s", async (_, args, code) => {
    await withTempFolder(async (cwd) => {
      expect(await runBin("verify-connection", ["--no-history", ...args], { cwd })).toMatchObject({ exitCode: code });
    });
  });

  test("a bad config file is named", async () => {
    await withTempFolder(async (cwd) => {
      await writeFile(join(cwd, "platform.config.json"), '{"databse": {}}');
      const { exitCode, stderr } = await runBin("verify-connection", ["--no-history"], { cwd, env: { DATABASE_URL: roleUrl } });
      expect([exitCode, stderr]).toEqual([3, expect.stringContaining("databse")]);
    });
  });

  test("a listener that never answers ends with the timeout, or with Ctrl-C", async () => {
    const listener = createServer((socket) => void socket.on("error", () => socket.destroy()));
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const silent = `postgres://a:b@127.0.0.1:${(listener.address() as AddressInfo).port}/x`;
    expect(await runBin("verify-connection", ["--no-history", "--timeout", "1s", "--database-url", silent], { cwd: tmpdir() })).toMatchObject({ exitCode: 7 });
    const reached = once(listener, "connection");
    const started = startBin("verify-connection", ["--no-history", "--database-url", silent], { cwd: tmpdir() });
    await reached;
    started.kill("SIGINT");
    expect(await started.done).toMatchObject({ exitCode: 130 });
    listener.close();
  });

  test("--wait tries again until the server is there", async () => {
    const server = await startPrivatePostgres();
    await server.halt();
    const started = startBin("verify-connection", ["--no-history", "--wait", "30s", "--database-url", server.url], { cwd: tmpdir() });
    await started.output(/No answer yet/);
    await server.start();
    expect(await started.done).toMatchObject({ exitCode: 0 });
    await server.stop();
  });
});
