import { once } from "node:events";
import { chmod, chown, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { CheckResult, Report } from "@org/script";
import { cacheServer, closedPort, postgresServer, runBin, startBin, withTempFolder, type BinOptions, type CacheServer, type PostgresServer } from "@org/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { testRunner, type EnvironmentStatus } from "./index.ts";
import { jwt } from "./testing/jwt.ts";

// Needs Postgres and a Redis-compatible server.
let postgres: PostgresServer;
let cache: CacheServer;
beforeAll(async () => {
  [postgres, cache] = await Promise.all([postgresServer(), cacheServer()]);
});

type Files = Readonly<Record<string, string>>;

interface Examined {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly stdout: string;
  readonly check: (id: string) => CheckResult;
  readonly data: EnvironmentStatus;
}

interface Surroundings {
  readonly files?: Files;
  readonly env?: BinOptions["env"];
  /** The folder comes first on PATH. */
  readonly ownPrograms?: boolean;
  readonly prepare?: (folder: string) => Promise<void>;
}

/** Runs the command in a folder with these files, its state inside; the mode of files is 0600. */
async function examine({ files = {}, env = {}, ownPrograms = false, prepare = async () => {} }: Surroundings, args: string[] = []): Promise<Examined> {
  return withTempFolder(async (cwd) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text, { mode: 0o600 });
    await prepare(cwd);
    const ran = await runBin(
      "test-runner",
      ["--no-history", "--json", ...args],
      { cwd, env: { STATE_DIR: join(cwd, "state"), REPORT_DIR: cwd, ...(ownPrograms && { PATH: `${cwd}:${process.env["PATH"]}` }), ...env } },
    );
    const report = ran.stdout.startsWith("{") ? (JSON.parse(ran.stdout) as Report<EnvironmentStatus>) : undefined;
    return { ...ran, check: (id) => report!.checks.find((check) => check.id === id)!, data: report?.data as EnvironmentStatus };
  });
}

const urls = (): Record<string, string> => ({ DATABASE_URL: postgres.url, REDIS_URL: cache.url });

test("a good environment has nothing to mend, and every value its source", async () => {
  const files = { ".env": `REDIS_URL=${cache.url}\n`, "platform.config.json": '{"migrations":{"directory":"migrations"},"environment":"staging"}' };
  const { exitCode, stdout, stderr, data, check } = await examine({
    files,
    env: { DATABASE_URL: postgres.url },
    prepare: (folder) => mkdir(join(folder, "migrations")).then(() => {}),
  });
  expect(exitCode).toBe(0);
  expect(data.settings.filter(({ source }) => source !== "unset" && source !== "default")).toMatchObject([
    { variable: "DATABASE_URL", value: `postgres@127.0.0.1:${postgres.port}/postgres`, source: "env", file: null },
    { variable: "REDIS_URL", value: `127.0.0.1:${cache.port}/0`, source: "env-file", file: expect.stringMatching(/\.env$/) },
    { variable: "ENVIRONMENT", value: "staging", source: "config", file: expect.stringMatching(/platform\.config\.json$/) },
    { variable: "REPORT_DIR", source: "env" },
    { variable: "STATE_DIR", source: "env" },
  ]);
  const ids = ["env.contract", "env.look-alikes", "env.shadowed", "env.file", "env.environment", "config.paths", "config.secrets", "node.version"];
  const others = ["service.postgres", "service.cache", "port.postgres", "port.cache", "clock.database", "clock.files", "tool.npm"];
  for (const id of [...ids, ...others, "folder.state", "folder.reports", "disk.state", "disk.reports"]) {
    expect([id, check(id).verdict]).toEqual([id, "pass"]);
  }
  expect(data).toMatchObject({
    services: [{ name: "cache", reachable: true }, { name: "postgres", reachable: true }],
    ports: [{ state: "expected" }, { state: "expected" }],
  });
  expect(stdout + stderr).not.toContain(postgres.password);
  expect(stdout + stderr).not.toContain(cache.password);
});

test("the importable function reads nothing but its input", async () => {
  await withTempFolder(async (cwd) => {
    const report = await testRunner({ databaseUrl: postgres.url }, { cwd, env: { PATH: "/nowhere", XDG_STATE_HOME: cwd } });
    expect(report.checks.find(({ id }) => id === "tool.npm")).toMatchObject({ verdict: "fail", remedy: expect.stringContaining("nodejs.org") });
    expect(report.checks.find(({ id }) => id === "tool.git")).toMatchObject({ verdict: "skipped" });
    expect(report).toMatchObject({ verdict: "fail", exitCode: 6, data: { services: [{ name: "postgres", reachable: true }] } });
  });
});

describe("services", () => {
  test("not up yet: a warning with the command that starts them", async () => {
    const [pg, redis] = [await closedPort(), await closedPort()];
    const { exitCode, check, data } = await examine({ env: { DATABASE_URL: `postgres://a:b@127.0.0.1:${pg}/x`, REDIS_URL: `redis://127.0.0.1:${redis}` } });
    expect(exitCode).toBe(0);
    for (const id of ["service.postgres", "service.cache"]) expect(check(id)).toMatchObject({
      verdict: "warn",
      remedy: expect.stringContaining("npx @org/start-dependencies start"),
    });
    expect([check("port.postgres").verdict, check("clock.database").verdict]).toEqual(["pass", "skipped"]);
    expect(data.ports.map(({ state }) => state)).toEqual(["free", "free"]);
  });

  test("a login that is refused must be mended, a missing database is made later", async () => {
    const refused = await examine({ env: { DATABASE_URL: postgres.url.replace(postgres.password, "wrong"), REDIS_URL: `redis://:wrong@127.0.0.1:${cache.port}` } });
    expect([refused.exitCode, refused.check("service.postgres").verdict, refused.check("service.cache").verdict]).toEqual([6, "fail", "fail"]);
    const missing = await examine({ env: { ...urls(), DATABASE_URL: postgres.url.replace(/postgres$/, "no_such_database") } });
    expect(missing.check("service.postgres")).toMatchObject({ verdict: "warn", remedy: expect.stringContaining("npx @org/init-database") });
    expect([missing.check("port.postgres").verdict, missing.exitCode]).toEqual(["pass", 0]);
  });

  test("a port that something else holds is named with its owner", async () => {
    const listener = createServer((socket) => socket.on("error", () => socket.destroy()).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const { port } = listener.address() as AddressInfo;
    const taken = await examine({ env: { DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/x` } });
    expect(taken.check("port.postgres")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining(`(pid ${process.pid})`) });
    expect(taken.exitCode).toBe(6);
    const unset = await examine({ files: { "platform.config.json": JSON.stringify({ dependencies: { cachePort: port } }) } });
    expect(unset.check("port.cache")).toMatchObject({ verdict: "warn", remedy: expect.stringContaining("REDIS_URL") });
    const elsewhere = await examine({ env: { REDIS_URL: "redis://nowhere.invalid" } });
    expect([elsewhere.check("port.cache").verdict, elsewhere.check("service.cache").verdict]).toEqual(["skipped", "warn"]);
    listener.close();
  });

  test("a URL that cannot be read is a configuration error", async () => {
    const { exitCode, check } = await examine({ env: { DATABASE_URL: "mysql://root:geheim@db/x", REDIS_URL: cache.url } });
    expect(exitCode).toBe(3);
    expect(check("service.postgres")).toMatchObject({ verdict: "fail", code: "configuration" });
  });
});

describe("settings", () => {
  test("nothing set, look-alikes, shadowed and open env files", async () => {
    const files = { ".env": `REDIS_URL=redis://:other@127.0.0.1:1\nDATABSE_URL=${postgres.url}\n` };
    const { check, exitCode } = await examine({ files, env: { REDIS_URL: cache.url }, prepare: (folder) => chmod(join(folder, ".env"), 0o644) });
    expect(check("env.contract")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("DATABASE_URL not set") });
    expect(check("env.look-alikes")).toMatchObject({ verdict: "warn", remedy: expect.stringContaining("DATABSE_URL to DATABASE_URL") });
    expect(check("env.shadowed")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("REDIS_URL") });
    expect(check("env.file")).toMatchObject({ verdict: "warn", remedy: expect.stringContaining("chmod 600") });
    expect(exitCode).toBe(0);
  });

  test("an open env file without a secret is fine", async () => {
    const { check } = await examine({ files: { ".env": "LOG_LEVEL=INFO\n" }, prepare: (folder) => chmod(join(folder, ".env"), 0o644) });
    expect(check("env.file").verdict).toBe("pass");
  });

  test("paths and passwords of the config; containers that are wanted and not there", async () => {
    const config = { redisUrl: cache.url, migrations: { directory: "absent" }, dependencies: { provider: "container" } };
    const { check, exitCode } = await examine({ files: { "platform.config.json": JSON.stringify(config) }, env: { PATH: "/nowhere" } });
    expect(exitCode).toBe(6);
    expect(check("config.paths")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("absent") });
    expect(check("config.secrets").verdict).toBe("warn");
    expect(check("tool.container")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("docker is not on PATH") });
  });

  test("a tool that is too old, or answers nonsense", async () => {
    const program = (text: string): string => `#!/bin/sh\necho ${text}\n`;
    const files = { git: program("git version 1.9.5"), npm: program("oops") };
    const { check } = await examine({
      files,
      ownPrograms: true,
      prepare: (folder) => Promise.all(Object.keys(files).map((name) => chmod(join(folder, name), 0o755))).then(() => {}),
    });
    expect(check("tool.git")).toMatchObject({ verdict: "warn", value: "1.9.5", threshold: { value: "2.20" } });
    expect(check("tool.npm")).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("oops") });
  });
});

describe("keys", () => {
  const [anon, service] = [jwt({ role: "anon", ref: "abcdef", exp: 4_000_000_000 }), jwt({ role: "service_role", ref: "abcdef", exp: 4_000_000_000 })];

  test("in their places", async () => {
    const { check, stdout, stderr } = await examine({
      env: { SUPABASE_URL: "https://abcdef.supabase.co", SUPABASE_ANON_KEY: anon, SUPABASE_SERVICE_KEY: service, VITE_KEY: anon },
    });
    for (const id of ["key.anon", "key.service", "key.project", "key.public"]) expect([id, check(id).verdict]).toEqual([id, "pass"]);
    expect(stdout + stderr).not.toContain(anon);
    expect(stdout + stderr).not.toContain(service);
  });

  test("mixed up, of another project, expired, and in the browser", async () => {
    const mixed = await examine({
      env: { SUPABASE_URL: "https://other.supabase.co", SUPABASE_ANON_KEY: service, SUPABASE_SERVICE_KEY: anon, NEXT_PUBLIC_KEY: service },
    });
    expect(mixed.exitCode).toBe(6);
    for (const id of ["key.anon", "key.service", "key.project", "key.public"]) expect([id, mixed.check(id).verdict]).toEqual([id, "fail"]);
    const old = await examine({
      env: {
        SUPABASE_ANON_KEY: jwt({ role: "anon", exp: 1_000_000_000 }),
        SUPABASE_SERVICE_KEY: jwt({ role: "service_role", exp: Math.floor(Date.now() / 1000) + 86_400 }),
      },
    });
    expect([old.check("key.anon"), old.check("key.service")]).toMatchObject([
      { verdict: "fail", evidence: expect.stringContaining("2001-09-09") },
      { verdict: "warn" },
    ]);
    const odd = await examine({ env: { SUPABASE_ANON_KEY: "cut-off", SUPABASE_SERVICE_KEY: jwt({ role: "authenticated" }) } });
    expect([odd.check("key.anon").verdict, odd.check("key.service").verdict]).toEqual(["fail", "fail"]);
  });
});

describe("folders and clock", () => {
  test("a file in the place of a folder, a link in the place of a report, too little room", async () => {
    const { check, exitCode } = await examine({
      files: { "platform.config.json": JSON.stringify({ thresholds: { "disk.state": 1e12 } }), state: "" },
      prepare: (folder) => symlink("/etc/hostname", join(folder, "verification_report.json")),
    });
    expect(exitCode).toBe(6);
    expect(check("folder.state")).toMatchObject({ verdict: "fail", remedy: expect.stringContaining("STATE_DIR") });
    expect(check("folder.reports")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("verification_report.json") });
    expect(check("disk.state")).toMatchObject({ verdict: "fail", threshold: { source: "config" } });
    expect(check("disk.reports").verdict).toBe("pass");
  });

  test("a folder of another user", async () => {
    const us = userInfo();
    const { check } = await examine({
      prepare: async (folder) => {
        const state = join(folder, "state");
        await mkdir(state, { mode: 0o755 });
        // Only root can give a folder away; everybody else can take the right to write from it.
        if (us.uid === 0) await chown(state, 12_345, 12_345);
        else await chmod(state, 0o555);
      },
    });
    expect(check("folder.state")).toMatchObject({ verdict: "fail", remedy: expect.stringContaining("chown") });
  });

  test("a file from the future", async () => {
    const later = new Date(Date.now() + 3_600_000);
    const { check } = await examine({ files: { "platform.config.json": "{}" }, prepare: (folder) => utimes(join(folder, "platform.config.json"), later, later) });
    expect(check("clock.files")).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("platform.config.json") });
  });
});

describe("as a command", () => {
  test("renders the sources of the settings", async () => {
    await withTempFolder(async (cwd) => {
      const { stdout, exitCode } = await runBin("test-runner", ["--no-history"], { cwd, env: { ...urls(), STATE_DIR: cwd } });
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(
        /^test-runner .*\n\nNode [\d.]+, environment development, no config file\n {2}DATABASE_URL {2}postgres@127\.0\.0\.1:\d+\/postgres {2}\(env\)\n {2}REDIS_URL/,
      );
    });
  });

  test("unknown flag, bad config, dry run, custom check", async () => {
    expect(await examine({}, ["--no-such"])).toMatchObject({ exitCode: 3 });
    expect(await examine({ files: { "platform.config.json": '{"databse":{}}' } })).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("databse") });
    expect(await examine({}, ["--dry-run"])).toMatchObject({ exitCode: 10 });
    const custom = `export default { checks: [{ script: "test-runner", id: "app.env", title: "App", run: ({ env }) => ({ verdict: "fail", evidence: "APP is " + env.APP, remedy: "Set APP." }) }] };`;
    const { check, exitCode } = await examine({ files: { "platform.config.mjs": custom, ".env": "APP=7\n" } });
    expect([exitCode, check("app.env").evidence]).toEqual([6, "APP is 7"]);
  });

  test("a listener that never answers ends with the timeout, or with Ctrl-C", async () => {
    const listener = createServer((socket) => void socket.on("error", () => socket.destroy()));
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const silent = `postgres://a:b@127.0.0.1:${(listener.address() as AddressInfo).port}/x`;
    expect(await examine({ env: { DATABASE_URL: silent } }, ["--timeout", "1s"])).toMatchObject({ exitCode: 7 });
    await withTempFolder(async (cwd) => {
      const reached = once(listener, "connection");
      const started = startBin("test-runner", ["--no-history"], { cwd, env: { DATABASE_URL: silent, STATE_DIR: cwd } });
      await reached;
      started.kill("SIGINT");
      expect(await started.done).toMatchObject({ exitCode: 130 });
    });
    listener.close();
  });
});
