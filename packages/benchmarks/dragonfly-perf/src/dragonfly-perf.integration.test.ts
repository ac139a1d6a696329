import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withCache, type CacheClient } from "@org/cache";
import type { Report } from "@org/script";
import { binFile, closedPort, runBin, runProcess, startBin, startPrivateCache, withTempFolder, type PrivateCache } from "@org/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { dragonflyPerf, type BenchmarkData } from "./index.ts";
import { withJsonStandIn } from "./testing/json-stand-in.ts";

let cache: PrivateCache;
beforeAll(async () => {
  cache = await startPrivateCache({ settings: { save: "" } });
});
afterAll(() => cache.stop());
beforeEach(() => ask((client) => client.flushall()));

function ask<T>(work: (client: CacheClient) => Promise<T>, url = cache.url): Promise<T> {
  return withCache({ url, clientName: "test" }, work);
}

/** Short, and few enough requests under way for any machine. */
const brief = { duration: "300ms", warmup: "50ms", keys: 500, connections: 4, percentile: 90 } as const;

async function checksOf(report: Report<BenchmarkData | null>): Promise<Record<string, { verdict: string; evidence: string }>> {
  return Object.fromEntries(report.checks.map((check) => [check.id, check]));
}

test("measures, verifies every reply, and leaves the server as it was", async () => {
  await ask((client) => client.set("foreign", "stays"));
  const { data } = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["set", "get", "mixed"] });
  const [set, get, mixed] = data!.runs;
  for (const run of data!.runs) {
    expect(run.total.errors).toEqual({});
    expect(run.total.wrongReplies).toBe(0);
    expect(run.opsPerSecond).toBeGreaterThan(100);
    expect(run.total.raw.p50).toBeGreaterThan(0);
    expect(run.total.corrected).toBeNull();
    expect(run.series).toHaveLength(1);
  }
  expect([set!.total.hitRate, get!.total.hitRate, mixed!.commands.map(({ name }) => name)]).toEqual([null, 100, ["SET", "GET"]]);
  expect(mixed!.commands[1]!.count / mixed!.commands[0]!.count).toBeGreaterThan(8);
  expect(get!.server.bytesPerKey).toBeGreaterThan(32);
  expect(data!.fingerprint).toMatchObject({ server: { flavour: "redis", maxmemory: expect.any(Number) }, client: { cores: expect.any(Number) } });
  expect(await ask((client) => client.keys("*"))).toEqual(["foreign"]);
});

test.each(["bulk", "hash", "list", "zset", "stream", "pubsub", "del", "expiry"])("the suite %s runs without an error and cleans up", async (suite) => {
  const { data, checks } = await dragonflyPerf({ ...brief, keys: 50, redisUrl: cache.url, suites: [suite] });
  expect([data!.runs[0]!.total.errors, data!.runs[0]!.total.wrongReplies]).toEqual([{}, 0]);
  expect(data!.runs[0]!.commands.every(({ count }) => count > 0)).toBe(true);
  expect(checks.find(({ id }) => id === "perf.clean-up")).toMatchObject({ verdict: "pass" });
  expect(await ask((client) => client.dbsize())).toBe(0);
});

test("says where a server does not know a suite", async () => {
  const { exitCode, stderr } = await runBin("dragonfly-perf", ["--no-history", "--suite", "json", "--keys", "50"], { env: { REDIS_URL: cache.url }, cwd: tmpdir() });
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/127\.0\.0\.1:\d+\S* does not know JSON\.SET, which the suite json needs\n.*leave the suite out/u)]);
  expect(await ask((client) => client.dbsize())).toBe(0);
});

test("the suite json runs against a stand-in for a server with its module, and cleans up", async () => {
  await withJsonStandIn(cache.port, async (port) => {
    const { data, checks } = await dragonflyPerf({ ...brief, keys: 50, redisUrl: `redis://:${cache.password}@127.0.0.1:${port}`, suites: ["json"] });
    const { total, commands } = data!.runs[0]!;
    expect([total.errors, total.wrongReplies, total.hitRate, commands.map(({ name, count }) => [name, count > 0])]).toEqual([{}, 0, 100, [["JSON.GET", true], ["JSON.SET", true]]]);
    expect(checks.find(({ id }) => id === "perf.clean-up")).toMatchObject({ verdict: "pass" });
  });
  expect(await ask((client) => client.dbsize())).toBe(0);
});

test("pipelines, threads, RESP3 and every distribution and size", async () => {
  for (const [distribution, pipeline] of [["zipf", 8], ["gaussian", 16], ["sequential", 50]] as const) {
    const { data } = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["mixed"], pipeline, threads: 2, protocol: "3", distribution, size: "3-500,1024:2" });
    expect([data!.runs[0]!.total.errors, data!.runs[0]!.total.wrongReplies, data!.runs[0]!.total.hitRate]).toEqual([{}, 0, 100]);
  }
});

test("a command of one's own, with and without preload", async () => {
  const { data } = await dragonflyPerf({ ...brief, redisUrl: cache.url, command: "HGET __key__ field", preload: "HSET __key__ field __data__" });
  expect(data!.runs[0]!).toMatchObject({ suite: "command", preloadedKeys: 500, total: { hitRate: 100, errors: {} } });
  const missing = await dragonflyPerf({ ...brief, redisUrl: cache.url, command: "get __key__" });
  expect(missing.data!.runs[0]!.total.hitRate).toBe(0);
});

test("through ioredis: the same judgement of replies", async () => {
  for (const pipeline of [1, 4]) {
    const { data } = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["mixed", "hash"], client: "ioredis", pipeline });
    for (const { total } of data!.runs) expect([total.count > 50, total.errors, total.wrongReplies, total.hitRate]).toEqual([true, {}, 0, 100]);
  }
  const { data } = await dragonflyPerf({ ...brief, redisUrl: cache.url, command: "LPUSH __key__ a", preload: "SET __key__ text", client: "ioredis" });
  expect(data!.runs[0]!.total.errors["WRONGTYPE"]).toBe(data!.runs[0]!.total.count);
});

test("checks of the config judge the runs, and measure benchmarks of their own", async () => {
  await withTempFolder(async (folder) => {
    const config = join(folder, "platform.config.mjs");
    await writeFile(config, `export default { checks: [{ script: "dragonfly-perf", id: "app.queue", title: "The queue is fast", run: async ({ cache, runs, measure }) => {
      const { total, preloadedKeys } = await measure({ name: "queue", command: "LINDEX __key__ 0", preload: "RPUSH __key__ __data__" });
      return { verdict: "pass", evidence: [await cache.ping(), runs.length, preloadedKeys, total.hitRate].join(" ") };
    } }] };`);
    const { checks } = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["get"] }, { config });
    expect(checks.find(({ id }) => id === "app.queue")).toMatchObject({ verdict: "pass", evidence: "PONG 1 500 100" });
    expect(await ask((client) => client.dbsize())).toBe(0);
  });
});

test("a staircase of connections, and a sweep of rates", async () => {
  const stairs = await dragonflyPerf({ ...brief, connections: undefined, redisUrl: cache.url, suites: ["get"], staircase: ["1", "4"] });
  expect(stairs.data!.runs.map(({ connections }) => connections)).toEqual([1, 4]);
  const { data } = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["get"], sweep: "1m" });
  expect(data!.sweeps).toMatchObject([{ suite: "get", limitMs: 60_000, steps: expect.any(Array) }]);
  expect(data!.sweeps[0]!.steps[0]!.rate).toBeCloseTo(data!.sweeps[0]!.closedLoop / 2, -1);
  expect(data!.runs).toHaveLength(1);
});

describe("refuses", () => {
  test.each([
    ["a suite that there is not", { suites: ["sett"] }, /no suite "sett"/],
    ["sizes that are none", { size: "3k" }, /--size/],
    ["a ratio that is none", { ratio: "1" }, /--ratio/],
    ["a command that names no key of its own", { command: "FLUSHALL" }, /names no key/],
    ["a command with an open quote", { command: `SET __key__ "a b` }, /^--command "SET __key__ \\"a b": the double quote at "a stays open$/],
    ["a command with an open quote after words in quotes", { command: `SET '__key__' "it's" 'a b` }, /: the single quote at 'a stays open$/],
    ["a preload with an open quote", { command: "GET __key__", preload: "SET __key__ 'a b" }, /^--preload "SET __key__ 'a b": the single quote at 'a stays open$/],
    ["a command that touches a foreign key beside its own", { command: "MSET __key__ 1 foreign 2" }, /touches the key foreign/],
    ["a command that takes its own key for something else", { command: "FLUSHALL __key__" }, /touches no key/],
    ["more requests than fit into memory", { size: "1000000", connections: 5000, threads: 1 }, /256 MB/],
    ["a staircase beside a number of connections", { staircase: ["1", "4"] }, /--staircase and --connections both/],
    ["more threads than connections", { threads: 8 }, /more threads/],
    ["a far server beyond the cap", { redisUrl: "redis://192.0.2.1", connections: 5000 }, /not local/],
  ])("%s", async (_, settings, message) => {
    await expect(dragonflyPerf({ ...brief, redisUrl: cache.url, ...settings })).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(message) });
  });

  test("an open quote with the way to close it, and no quote within a word", async () => {
    const run = (command: string) => dragonflyPerf({ ...brief, redisUrl: cache.url, command });
    await expect(run("SET __key__ 'a b")).rejects.toMatchObject({ hint: `Close it with a second ', or put " around the word when the ' belongs to it.` });
    const { data } = await run(`SET __key__ {"a":"it's"}`);
    expect(data!.runs[0]!.total.errors).toEqual({});
  });

  test("a replica", async () => {
    const replica = await startPrivateCache({ settings: { replicaof: `127.0.0.1 ${cache.port}`, masterauth: cache.password! } });
    try {
      await expect(dragonflyPerf({ ...brief, redisUrl: replica.url })).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("is a replica"), hint: "Let REDIS_URL name the primary." });
      await expect(dragonflyPerf({ ...brief, redisUrl: cache.url, compare: replica.url, acrossEnvironments: true })).rejects.toMatchObject({ code: "configuration", hint: "Let --compare name the primary." });
    } finally {
      await replica.stop();
    }
  });

  test("a full server with keys of others, under noeviction and under eviction", async () => {
    for (const [policy, harm] of [["noeviction", "refuse the writes"], ["allkeys-lru", "evict the keys"]] as const) {
      const full = await startPrivateCache({ settings: { maxmemory: "12mb", "maxmemory-policy": policy } });
      try {
        await ask(async (client) => client.set("foreign", "x".repeat(5_000_000)), full.url);
        await expect(dragonflyPerf({ ...brief, keys: 30_000, redisUrl: full.url })).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining(harm) });
      } finally {
        await full.stop();
      }
    }
  });
});

describe("truth checks, each caused on purpose", () => {
  test("misses, by keys that somebody deletes", async () => {
    const settings = { ...brief, redisUrl: cache.url, suites: ["get"] };
    const report = dragonflyPerf(settings);
    await ask(async (client) => {
      const own = (): Promise<string[]> => client.keys("dragonfly-perf:*");
      await expect.poll(async () => (await own()).length, { timeout: 20_000 }).toBe(500);
      await client.unlink(...(await own()));
    });
    const { data, exitCode } = await report;
    expect([data!.validity, exitCode]).toEqual(["INVALID", 6]);
    expect((await checksOf(await report))["perf.hit-rate"]).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("misses") });
  });

  test("eviction, and writes refused for want of memory", async () => {
    // A few hundred values fill it, which the busiest machine writes in time.
    for (const [policy, evidence] of [["allkeys-lru", /evicted \d+ keys/], ["noeviction", /refused \d+ writes|OOM/]] as const) {
      const small = await startPrivateCache({ settings: { maxmemory: "4mb", "maxmemory-policy": policy } });
      try {
        const report = await dragonflyPerf({ ...brief, redisUrl: small.url, suites: ["set"], keys: 20_000, size: "10000" });
        expect([report.data!.validity, report.exitCode]).toEqual(["INVALID", 6]);
        expect((await checksOf(report))["perf.memory"]).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(evidence) });
      } finally {
        await small.stop();
      }
    }
  });

  test("keys that expire while they are read", async () => {
    const report = await dragonflyPerf({ ...brief, duration: "2s", redisUrl: cache.url, suites: ["get"], ttl: "1s" });
    const checks = await checksOf(report);
    expect(checks["perf.memory"]).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("expired") });
    expect(checks["perf.hit-rate"]).toMatchObject({ verdict: "fail" });
  });

  test.each([
    ["LPUSH __key__ a", "WRONGTYPE", "WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["INCR __key__", "ERR", "ERR value is not an integer or out of range"],
    ["APPEND __key__ a", "NOPERM", /^NOPERM .*'append' command/u],
  ])("errors of %s, with what the server says", async (command, kind, text) => {
    await ask((client) => client.call("ACL", "SETUSER", "bench", "on", ">secret", "~dragonfly-perf:*", "+@all", "-append"));
    const report = await dragonflyPerf({ ...brief, redisUrl: `redis://bench:secret@127.0.0.1:${cache.port}`, command, preload: "SET __key__ text" });
    const { total } = report.data!.runs[0]!;
    expect([total.errors, total.errorTexts]).toEqual([{ [kind]: total.count }, { [kind]: expect.stringMatching(text) }]);
    expect((await checksOf(report))["perf.errors"]).toMatchObject({ verdict: "fail", evidence: expect.stringContaining(`${total.count} ${kind} (${total.errorTexts[kind]})`) });
  });

  test("as many errors as are allowed are no failure", async () => {
    const tolerated = await dragonflyPerf({ ...brief, redisUrl: cache.url, command: "LPUSH __key__ a", preload: "SET __key__ text", maxErrors: 100 });
    expect((await checksOf(tolerated))["perf.errors"]).toMatchObject({ verdict: "pass" });
  });

  test("another writer", async () => {
    const ended = { yet: false };
    const writer = ask(async (client) => {
      while (!ended.yet) await Promise.all(Array.from({ length: 50 }, (_, index) => client.set("foreign", index)));
    });
    const report = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["set"] });
    ended.yet = true;
    await writer;
    expect((await checksOf(report))["perf.foreign"]).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("commands of others") });
    expect(await ask((client) => client.keys("*"))).toEqual(["foreign"]);
  });

  test("too short for its percentile", async () => {
    const report = await dragonflyPerf({ ...brief, redisUrl: cache.url, suites: ["set"], rate: 100, percentile: 99.9 });
    expect((await checksOf(report))["perf.samples"]).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("needs 10000") });
    expect(report.data!.runs[0]!.total.raw.p999).toBeNull();
  });
});

describe("as a command", () => {
  const flags = ["--no-history", "--duration", "1s", "--warmup", "100ms", "--keys", "500", "--connections", "4"];
  const run = (...args: readonly string[]) => runBin("dragonfly-perf", [...flags, ...args], { env: { REDIS_URL: cache.url }, cwd: tmpdir() });

  test("renders a table, and the reasons where the result is invalid", async () => {
    const { stdout, exitCode } = await run("--suite", "get", "--percentile", "99.999");
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(/INVALID: do not use these figures\.\n {2}- /);
    expect(stdout).toMatch(/^get +[\d,]+ +raw /m);
  });

  test("a dry run asks the server nothing", async () => {
    const { stdout, exitCode } = await run("--dry-run", "--redis-url", `redis://127.0.0.1:${await closedPort()}`);
    expect([exitCode, stdout]).toEqual([10, expect.stringContaining("dry run: would do 2 runs (set, get)")]);
  });

  test.each([
    ["an unknown flag", ["--no-such"], 3],
    ["a bad number", ["--connections", "none"], 3],
    ["no URL", ["--redis-url", ""], 3],
    ["keys for no command", ["--preload", "SET __key__ a"], 3],
    ["a staircase beside a number of connections", ["--staircase", "1,4"], 3],
    ["keys that do not last", ["--ttl", "10ms"], 3],
    ["a sweep for no latency", ["--sweep", "0s"], 3],
    ["a refused connection", ["--redis-url", "redis://127.0.0.1:1"], 4],
    ["a wrong password", ["--redis-url", "redis://:wrong@127.0.0.1:PORT"], 4],
  ])("%s", async (_, args, code) => {
    expect(await run(...args.map((arg) => arg.replace("PORT", String(cache.port))))).toMatchObject({ exitCode: code });
  });

  test.each([
    ["a missing folder", "--csv", "none/result.csv", 3, "its folder does not exist", "Create the folder"],
    ["a folder in its place", "--html", "folder", 5, "it is not a regular file", "choose another path"],
    ["a symbolic link in its place", "--hgrm", "link", 5, "it is a symbolic link", "choose another path"],
    ["a file for a folder", "--memtier-json", "file/result.json", 3, "its folder is a file", "Choose another folder"],
  ])("an output file with %s is refused before any load, and nothing is left of it", async (_, flag, name, code, reason, remedy) => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "folder"));
      await writeFile(join(folder, "file"), "");
      await symlink(join(folder, "victim"), join(folder, "link"));
      await ask((client) => client.config("RESETSTAT"));
      const { exitCode, stderr } = await run("--suite", "set", "--csv", join(folder, "good.csv"), flag, join(folder, name));
      expect([exitCode, stderr]).toEqual([code, expect.stringContaining(reason)]);
      for (const told of [join(folder, name), remedy]) expect(stderr).toContain(told);
      expect(await ask((client) => client.info("commandstats"))).not.toMatch(/cmdstat_(?:set|info):/u);
      expect((await readdir(folder)).toSorted()).toEqual(["file", "folder", "link"]);
    });
  });

  test("more connections than files may be open", async () => {
    const fromSource = ["--conditions=@org/source", `--import=${join(import.meta.dirname, "../../../../tools/testkit/src/from-source.ts")}`];
    const command = [process.execPath, ...fromSource, "--", binFile("dragonfly-perf"), ...flags, "--suite", "get", "--redis-url", cache.url, "--connections", "500"];
    const { exitCode, stderr } = await runProcess("sh", ["-c", 'ulimit -n 200; exec "$0" "$@"', ...command], { cwd: tmpdir() });
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/500 connections are more than this process may open.*\n.*ulimit -n/u)]);
    expect(await ask((client) => client.dbsize())).toBe(0);
  });

  test("history shows the kept results, and leaves the latest one as it is", async () => {
    await withTempFolder(async (folder) => {
      const env = { REDIS_URL: cache.url, STATE_DIR: join(folder, "state"), REPORT_DIR: folder };
      // It reads what is kept, which needs no server and harms none.
      const history = () => runBin("dragonfly-perf", ["history"], { env: { ...env, REDIS_URL: undefined, ENVIRONMENT: "production" }, cwd: folder });
      expect(await history()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no result of dragonfly-perf is kept") });
      for (const suite of ["set", "get,set", "get,set"]) await runBin("dragonfly-perf", [...flags, "--suite", suite, "--percentile", "50"], { env, cwd: folder });
      for (let times = 0; times < 2; times++) {
        const { exitCode, stdout } = await history();
        expect(exitCode).toBe(0);
        expect(stdout.match(/^\d{4}-\d\d-\d\dT\S+ +(?:get|set)/gmu), stdout).toHaveLength(5);
        expect(stdout.replaceAll(/\s+/gu, " ")).toContain("3 results are kept (5 rows, one for each suite of a result), 2 with the settings and the environment of the newest, itself included");
        expect(stdout).toContain("other settings or environment");
      }
      const { data } = JSON.parse(await readFile(join(folder, "benchmark_results.json"), "utf8")) as Report<BenchmarkData>;
      expect(data!.runs.map(({ suite }) => suite)).toEqual(["get", "set"]);
    });
  });

  test("refuses production", async () => {
    const { exitCode, stderr } = await runBin("dragonfly-perf", flags, { env: { REDIS_URL: cache.url, ENVIRONMENT: "production" }, cwd: tmpdir() });
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining("production")]);
  });

  test.each([
    ["Ctrl-C", [], "SIGINT", 130],
    ["SIGTERM", [], "SIGTERM", 143],
    ["the timeout", ["--timeout", "4s"], undefined, 7],
  ] as const)("after %s nothing of its own is left and the foreign key is", async (_, args, signal, code) => {
    await ask((client) => client.set("foreign", "stays"));
    const started = startBin("dragonfly-perf", ["--no-history", "--suite", "get", "--duration", "1m", "--keys", "2000", ...args], { env: { REDIS_URL: cache.url }, cwd: tmpdir() });
    await ask(async (client) => await expect.poll(() => client.dbsize(), { timeout: 20_000 }).toBe(2001));
    if (signal !== undefined) started.kill(signal);
    const { exitCode, stderr } = await started.done;
    expect(exitCode, stderr).toBe(code);
    expect(await ask((client) => client.keys("*"))).toEqual(["foreign"]);
  });

  test("after kill -9 every key of its own expires", async () => {
    await ask((client) => client.set("foreign", "stays"));
    const started = startBin("dragonfly-perf", ["--no-history", "--suite", "mixed", "--ttl", "4s", "--duration", "1m", "--keys", "500"], { env: { REDIS_URL: cache.url }, cwd: tmpdir() });
    await ask(async (client) => await expect.poll(() => client.dbsize(), { timeout: 20_000 }).toBe(501));
    started.kill("SIGKILL");
    await started.done;
    await ask(async (client) => await expect.poll(() => client.keys("*"), { timeout: 20_000 }).toEqual(["foreign"]));
  });

  test("a server that is killed ends it with the code of a lost connection; started again, it forgets only the keys of the benchmark", async () => {
    const victim = await startPrivateCache({ durable: true });
    try {
      await ask((client) => client.set("foreign", "stays"), victim.url);
      const started = startBin("dragonfly-perf", ["--no-history", "--suite", "get", "--ttl", "6s", "--duration", "1m"], { env: { REDIS_URL: victim.url }, cwd: tmpdir() });
      await ask(async (client) => await expect.poll(() => client.dbsize(), { timeout: 20_000 }).toBe(10_001), victim.url);
      victim.kill("SIGKILL");
      const { exitCode, stderr } = await started.done;
      expect([exitCode, stderr]).toEqual([4, expect.stringContaining("expire by themselves")]);
      await victim.start();
      await ask(async (client) => await expect.poll(() => client.keys("*"), { timeout: 20_000 }).toEqual(["foreign"]), victim.url);
    } finally {
      await victim.stop();
    }
  });

  test("over a unix socket, as a user with few rights, in another database, over TLS", async () => {
    await withTempFolder(async (folder) => {
      const [key, cert, socket] = [join(folder, "key.pem"), join(folder, "cert.pem"), join(tmpdir(), `${randomUUID()}.sock`)];
      const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
      expect(await runProcess("openssl", [...request, "-keyout", key, "-out", cert])).toMatchObject({ exitCode: 0 });
      const port = await closedPort();
      const server = await startPrivateCache({ settings: { unixsocket: socket, "tls-port": port, "tls-cert-file": cert, "tls-key-file": key, "tls-ca-cert-file": cert, "tls-auth-clients": "no" } });
      try {
        await ask((client) => client.call("ACL", "SETUSER", "bench", "on", ">secret", "~dragonfly-perf:*", "+@all", "-@dangerous", "+info", "+client"), server.url);
        const urls = [`unix://${socket}?user=bench&password=secret&db=3`, `redis://bench:secret@127.0.0.1:${server.port}/2`, `rediss://bench:secret@localhost:${port}`];
        for (const url of urls) {
          const { stdout } = await runBin("dragonfly-perf", [...flags, "--json", "--suite", "get", "--protocol", "3", "--redis-url", url], { env: { NODE_EXTRA_CA_CERTS: cert }, cwd: tmpdir() });
          expect((JSON.parse(stdout) as Report<BenchmarkData>).data ?? stdout, url).toMatchObject({ runs: [{ preloadedKeys: 500, total: { errors: {}, hitRate: 100 } }] });
        }
        expect(await run("--redis-url", urls[2]!)).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("TLS") });
      } finally {
        await server.stop();
      }
    });
  });

  test("a bad config file is named", async () => {
    await withTempFolder(async (cwd) => {
      await writeFile(join(cwd, "platform.config.json"), '{"treshold": {}}');
      expect(await runBin("dragonfly-perf", flags, { cwd, env: { REDIS_URL: cache.url } })).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("treshold") });
    });
  });
});
