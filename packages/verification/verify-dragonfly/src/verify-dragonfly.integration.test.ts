import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withCache, type CacheClient } from "@org/cache";
import type { CheckResult, Report } from "@org/script";
import { closedPort, freePort, makeCertificate, runBin, startBin, startPrivateCache, withTempFolder, type PrivateCache, type PrivateCacheOptions } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyDragonfly, type CacheData } from "./index.ts";
import { keeper, withRespServer, type Answer } from "./testing/resp-server.ts";

// Needs a Redis-compatible server.
let cache: PrivateCache;
beforeAll(async () => {
  cache = await startPrivateCache({ settings: { maxmemory: "64mb", "maxmemory-policy": "allkeys-lru" } });
});
afterAll(() => cache.stop());

async function found(url: string): Promise<Record<string, CheckResult>> {
  const { checks } = await verifyDragonfly({ redisUrl: url });
  return Object.fromEntries(checks.map((check) => [check.id, check]));
}

async function onCache<T>(options: PrivateCacheOptions, work: (server: PrivateCache) => Promise<T>): Promise<T> {
  const server = await startPrivateCache(options);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

const command = <T>(url: string, work: (client: CacheClient) => Promise<T>): Promise<T> => withCache({ url, clientName: "tests" }, work);

test("a healthy cache passes every check, and nothing is left in it", async () => {
  await command(cache.url, async (client) => [await client.set("a", "1"), await client.get("a"), await client.del("a")]);
  const report = await verifyDragonfly({ redisUrl: cache.url });
  expect(report.checks.filter(({ verdict }) => verdict !== "pass").map(({ id, verdict }) => [id, verdict])).toEqual([
    ["cache.tls", "skipped"],
    ["cache.fragmentation", "skipped"],
    ["cache.threads", "skipped"],
  ]);
  expect(report).toMatchObject({
    verdict: "pass",
    exitCode: 0,
    data: { target: `127.0.0.1:${cache.port}/0`, flavour: cache.flavour, memory: { limit: 64 * 1024 ** 2, policy: "allkeys-lru" } },
  });
  expect(await command(cache.url, (client) => client.dbsize())).toBe(0);
});

test("the importable function and --json give the same report", async () => {
  const imported = await verifyDragonfly({ redisUrl: cache.url });
  const { stdout, stderr, exitCode } = await runBin("verify-dragonfly", ["--json", "--no-history", "--redis-url", cache.url], { cwd: tmpdir() });
  const printed = JSON.parse(stdout) as Report<CacheData>;
  expect([exitCode, Object.keys(printed), Object.keys(printed.data!)]).toEqual([0, Object.keys(imported), Object.keys(imported.data!)]);
  expect(printed.checks.map(({ id, verdict }) => [id, verdict])).toEqual(imported.checks.map(({ id, verdict }) => [id, verdict]));
  expect(stdout + stderr).not.toContain(cache.password);
});

describe("no session", () => {
  test("refused, wrong password and none: connection", async () => {
    for (const url of [`redis://127.0.0.1:${await closedPort()}`, `redis://:wrong@127.0.0.1:${cache.port}`, `redis://127.0.0.1:${cache.port}`]) {
      const report = await verifyDragonfly({ redisUrl: url });
      expect(report).toMatchObject({ verdict: "fail", exitCode: 4, counts: { ran: 1 } });
      expect(report.checks[0]).toMatchObject({ id: "cache.connect", verdict: "fail", code: "connection", remedy: expect.stringContaining("REDIS_URL") });
      expect(report.checks.slice(1).every(({ verdict, evidence }) => verdict === "unknown" && evidence.startsWith("not reached"))).toBe(true);
    }
  });

  test("a URL that cannot be read is a configuration error", async () => {
    await expect(verifyDragonfly({ redisUrl: "http://x" })).rejects.toMatchObject({ code: "configuration" });
    await expect(verifyDragonfly({})).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("REDIS_URL") });
  });

  test("a missing database number is a configuration error", async () => {
    expect(await verifyDragonfly({ redisUrl: `${cache.url}/9999` })).toMatchObject({ exitCode: 3 });
  });
});

describe("the checks on real servers", () => {
  test("no password and no encryption are told where strangers may come", async () => {
    await onCache({ password: null }, async ({ url }) => {
      expect(await found(url)).toMatchObject({ "cache.auth": { verdict: "pass" }, "cache.memory": { verdict: "warn" }, "cache.eviction": { verdict: "skipped" } });
      // 0.0.0.0 leads here as well, and is no loopback address.
      expect(await found(url.replace("127.0.0.1", "0.0.0.0"))).toMatchObject({ "cache.auth": { verdict: "warn" }, "cache.tls": { verdict: "warn" } });
    });
  });

  test("a full memory, failed snapshots, and writes refused for that", async () => {
    await onCache({ settings: { maxmemory: "1", maxclients: 20, dbfilename: "taken", save: "3600 1", "stop-writes-on-bgsave-error": "no" } }, async ({ url, dataDir }) => {
      await mkdir(join(dataDir, "taken"));
      try {
        await command(url, (client) => client.bgsave());
        await expect.poll(async () => (await found(url))["cache.persistence"]).toMatchObject({
          verdict: "fail",
          evidence: expect.stringContaining("rdb_last_bgsave_status"),
        });
        expect(await found(url)).toMatchObject({
          "cache.memory": { verdict: "warn", threshold: { value: 90, source: "default" } },
          "cache.eviction": { verdict: "fail" },
          "cache.clients": { verdict: "pass", value: expect.any(Number) },
          "cache.key": { verdict: "unknown", evidence: expect.stringContaining("OOM") },
        });
        await command(url, (client) => client.config("SET", "stop-writes-on-bgsave-error", "yes"));
        const { exitCode, checks } = await verifyDragonfly({ redisUrl: url });
        expect([exitCode, checks[0]]).toEqual([6, expect.objectContaining({ verdict: "fail", evidence: expect.stringContaining("MISCONF") })]);
      } finally {
        // Else the server refuses to stop without its snapshot.
        await rmdir(join(dataDir, "taken"));
      }
    });
  });

  test("a replica is told, and one that lost its primary fails", async () => {
    await onCache({}, async (primary) => {
      await onCache({ settings: { replicaof: `127.0.0.1 ${primary.port}`, masterauth: primary.password! } }, async (replica) => {
        await expect.poll(async () => (await found(replica.url))["cache.replication"]!.evidence, { timeout: 30_000 }).toContain("takes no writes");
        expect((await found(replica.url))["cache.key"]).toMatchObject({ verdict: "skipped" });
        await expect.poll(async () => (await found(primary.url))["cache.replication"]!.evidence).toContain("1 replicas in sync");
        primary.kill("SIGKILL");
        await expect.poll(async () => (await found(replica.url))["cache.replication"]!.verdict).toBe("fail");
      });
    });
  });

  test("a missing right is unknown with its code, a renamed command unknown", async () => {
    await command(cache.url, (client) => client.call("ACL", "SETUSER", "narrow", "on", ">narrow-password", "~app:*", "+ping", "+client", "+select", "+get", "+set"));
    const report = await verifyDragonfly({ redisUrl: `redis://narrow:narrow-password@127.0.0.1:${cache.port}` });
    expect(report).toMatchObject({ exitCode: 5, verdict: "unknown" });
    for (const id of ["cache.version", "cache.memory", "cache.key", "cache.pubsub"]) {
      expect(report.checks.find((check) => check.id === id)).toMatchObject({ verdict: "unknown", code: "permission", evidence: expect.stringContaining("NOPERM") });
    }
    expect(report.checks.find(({ id }) => id === "cache.ping")!.verdict).toBe("pass");
    const withoutInfo: Answer = (words) => (words[0] === "INFO" ? "-ERR unknown command 'info'" : keeper({})(words));
    await withRespServer(withoutInfo, async (url) => {
      const renamed = await verifyDragonfly({ redisUrl: url });
      expect(renamed.checks.find(({ id }) => id === "cache.memory")).toMatchObject({
        verdict: "unknown",
        evidence: expect.stringContaining("does not know the command"),
      });
      expect(renamed.checks.every(({ code }) => code === undefined) && renamed.exitCode === 6).toBe(true);
    });
  });

  test("TLS: protocol and days left; a certificate that nobody vouches for is refused", async () => {
    await withTempFolder(async (folder) => {
      const [key, cert, port] = [join(folder, "key.pem"), join(folder, "cert.pem"), await freePort()];
      await makeCertificate({ certificate: cert, key });
      const settings = { "tls-port": port, "tls-cert-file": cert, "tls-key-file": key, "tls-ca-cert-file": cert, "tls-auth-clients": "no" };
      await onCache({ settings, password: null }, async () => {
        const args = ["--json", "--no-history", "--redis-url", `rediss://localhost:${port}`];
        const trusted = await runBin("verify-dragonfly", args, { env: { NODE_EXTRA_CA_CERTS: cert } });
        const { checks } = JSON.parse(trusted.stdout) as Report;
        expect(checks.find(({ id }) => id === "cache.tls")).toMatchObject({ verdict: "pass", value: 29, unit: "days", evidence: expect.stringContaining("TLSv1.") });
        const config = join(folder, "platform.config.json");
        await writeFile(config, JSON.stringify({ thresholds: { "cache.tls": 40 } }));
        const soon = await runBin("verify-dragonfly", [...args, "--config", config], { env: { NODE_EXTRA_CA_CERTS: cert } });
        expect((JSON.parse(soon.stdout) as Report).checks.find(({ id }) => id === "cache.tls")).toMatchObject({ verdict: "fail", threshold: { source: "config" } });
        expect(await runBin("verify-dragonfly", args)).toMatchObject({ exitCode: 4 });
      });
    });
  });

  test("thresholds of the config bind, and its own checks run", async () => {
    await withTempFolder(async (folder) => {
      const config = join(folder, "platform.config.mjs");
      await writeFile(config, `export default {
        thresholds: { "cache.ping": 0, "cache.clients": 0, "cache.pubsub": 0, "cache.key": 0, "cache.connect": 0, "cache.memory": 0 },
        checks: [{
          script: "verify-dragonfly",
          id: "app.keys",
          title: "Few keys",
          run: async ({ cache }) => ({ verdict: "pass", evidence: String(await cache.dbsize()) }),
        }],
      };`);
      const { checks, exitCode } = await verifyDragonfly({ redisUrl: cache.url }, { config });
      expect(exitCode).toBe(6);
      const failed = checks.filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
      expect(failed).toEqual(["cache.connect", "cache.ping", "cache.memory", "cache.clients", "cache.key", "cache.pubsub"]);
      expect(checks.at(-1)).toMatchObject({ id: "app.keys", verdict: "pass", evidence: "0" });
    });
  });
});

const dragonfly = {
  server: "redis_version:7.4.0\r\ndragonfly_version:df-v1.30.0\r\nthread_count:4\r\nuptime_in_seconds:60",
  memory: "used_memory:104857600\r\nused_memory_rss:120000000\r\nmaxmemory:1073741824\r\nmaxmemory_policy:noeviction\r\ncache_mode:store",
  stats: "keyspace_hits:1\r\nkeyspace_misses:1\r\nevicted_keys:0\r\noom_rejections:0",
  clients: "connected_clients:1\r\nmax_clients:64000",
  persistence: "loading:0\r\nlast_success_save:10\r\nlast_failed_save:20\r\nlast_error:no space left\r\nrdb_changes_since_last_success_save:3",
  replication: "role:master\r\nconnected_slaves:0",
};

test("reads what Dragonfly reports, and a message that never arrives fails", async () => {
  await withRespServer(keeper(dragonfly), async (url) => {
    const { data, checks } = await verifyDragonfly({ redisUrl: url });
    expect(data).toMatchObject({ flavour: "dragonfly", version: "1.30.0", threads: 4, clients: { limit: 64000 } });
    expect(Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]))).toMatchObject({
      "cache.version": "pass",
      "cache.threads": "pass",
      "cache.fragmentation": "pass",
      "cache.eviction": "pass",
      "cache.persistence": "fail",
      "cache.hit-rate": "pass",
      "cache.key": "pass",
      "cache.pubsub": "fail",
    });
  });
});

test("a server that tells nothing leaves the questions open", async () => {
  await withRespServer(keeper({}), async (url) => {
    const checks = await found(url);
    expect(checks["cache.version"]).toMatchObject({ verdict: "warn" });
    for (const id of ["cache.memory", "cache.eviction", "cache.fragmentation", "cache.persistence", "cache.replication", "cache.clients", "cache.hit-rate"]) {
      expect([id, checks[id]!.verdict]).toEqual([id, "unknown"]);
    }
  });
});

describe("as a command", () => {
  const url = (): string => `redis://:${cache.password}@127.0.0.1:${cache.port}`;

  test("renders", async () => {
    const { stdout, exitCode } = await runBin("verify-dragonfly", ["--no-history"], { cwd: tmpdir(), env: { REDIS_URL: url() } });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^verify-dragonfly .*checks ran.*\\n\\n127\\.0\\.0\\.1:${cache.port}/0, ${cache.flavour} [\\d.]+, role master, policy allkeys-lru`),
    );
  });

  test.each([
    ["an unknown flag", ["--no-such"], {}, 3],
    ["no REDIS_URL", [], {}, 3],
    ["a bad URL", ["--redis-url", "nonsense"], {}, 3],
    ["a dry run", ["--dry-run", "--redis-url", "redis://127.0.0.1:1"], {}, 10],
  ])("%s", async (_, args, env, code) => {
    await withTempFolder(async (cwd) => {
      expect(await runBin("verify-dragonfly", ["--no-history", ...args], { env, cwd })).toMatchObject({ exitCode: code });
    });
  });

  test("a bad config file is named", async () => {
    await withTempFolder(async (cwd) => {
      await writeFile(join(cwd, "platform.config.json"), '{"treshold": {}}');
      const { exitCode, stderr } = await runBin("verify-dragonfly", ["--no-history"], { cwd, env: { REDIS_URL: url() } });
      expect([exitCode, stderr]).toEqual([3, expect.stringContaining("treshold")]);
    });
  });

  test("a listener that never answers ends with the timeout, or with Ctrl-C", async () => {
    const listener = createServer((socket) => void socket.on("error", () => socket.destroy()));
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const silent = `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    expect(await runBin("verify-dragonfly", ["--no-history", "--timeout", "1s", "--redis-url", silent], { cwd: tmpdir() })).toMatchObject({ exitCode: 7 });
    const reached = once(listener, "connection");
    const started = startBin("verify-dragonfly", ["--no-history", "--redis-url", silent], { cwd: tmpdir() });
    await reached;
    started.kill("SIGINT");
    expect(await started.done).toMatchObject({ exitCode: 130 });
    listener.close();
  });

  test("--wait tries again until the server is there", async () => {
    await onCache({}, async (server) => {
      await server.halt();
      const started = startBin("verify-dragonfly", ["--no-history", "--wait", "30s", "--redis-url", server.url], { cwd: tmpdir() });
      await started.output(/No answer yet/);
      await server.start();
      expect(await started.done).toMatchObject({ exitCode: 0 });
    });
  });
});
