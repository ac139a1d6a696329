import { existsSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, test } from "vitest";
import { cacheServer, closedPort, createScratchDatabase, pgDump, postgresServer, runProcess, startPrivateCache, startPrivatePostgres, startProcess, withScratchDatabase, withTempFolder } from "./index.ts";

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}

test("the shared Postgres is one server with password authentication", async () => {
  const [one, two] = await Promise.all([postgresServer(), postgresServer()]);
  expect(two).toEqual(one);
  expect(await query(one.url, "SHOW max_connections")).toEqual([{ max_connections: "200" }]);
  await expect(query(one.url.replace(one.password, "wrong"), "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
});

test("the shared embedded Postgres is another server", async () => {
  const [usual, embedded] = await Promise.all([postgresServer(), postgresServer({ embedded: true })]);
  expect(embedded.port).not.toBe(usual.port);
  const database = await createScratchDatabase({ embedded: true });
  expect(await query(database.url, "SHOW port")).toEqual([{ port: String(embedded.port) }]);
  await database.drop();
});

test("a scratch database is dropped, also while somebody is connected", async () => {
  const { url, name } = await withScratchDatabase(async (url, { name }) => {
    await query(url, "CREATE TABLE t (id int)");
    expect(await pgDump(url, ["--schema-only"])).toContain("CREATE TABLE public.t");
    return { url, name };
  });
  await expect(query(url, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
  const database = await createScratchDatabase();
  const lingering = new pg.Client({ connectionString: database.url });
  lingering.on("error", () => {});
  await lingering.connect();
  await database.drop();
  expect(database.name).not.toBe(name);
});

test("the shared cache answers with its password only", async () => {
  const { url, port } = await cacheServer();
  const client = new Redis(url);
  const stranger = new Redis({ host: "127.0.0.1", port });
  stranger.on("error", () => {});
  try {
    expect(await client.ping()).toBe("PONG");
    await expect(stranger.ping()).rejects.toThrow("NOAUTH");
  } finally {
    client.disconnect();
    stranger.disconnect();
  }
});

test("private servers survive kill -9 with their data and leave nothing behind", async () => {
  const [postgres, cache] = await Promise.all([startPrivatePostgres({ settings: { max_connections: 20 } }), startPrivateCache({ durable: true, password: null })]);
  await query(postgres.url, "CREATE TABLE kept (id int)");
  postgres.kill("SIGKILL");
  await expect.poll(() => query(postgres.url, "SELECT 1").catch(() => "gone")).toBe("gone");
  await postgres.start();
  expect(await query(postgres.url, "SELECT * FROM kept")).toEqual([]);
  await Promise.all([postgres.stop(), cache.stop()]);
  expect(existsSync(postgres.dataDir) || existsSync(cache.dataDir)).toBe(false);
});

test("servers end when the process that wanted them is killed", async () => {
  await withTempFolder(async (folder) => {
    const program = `const { postgresServer, startPrivateCache } = await import(${JSON.stringify(join(import.meta.dirname, "index.ts"))});
      const [postgres, cache] = [await postgresServer(), await startPrivateCache()];
      console.log("ready", JSON.stringify({ postgres: postgres.port, cache: cache.port, dataDir: cache.dataDir }));
      setInterval(() => {}, 1000);`;
    const started = startProcess(process.execPath, ["--conditions=@org/source", "--input-type=module", "--eval", program], { cwd: folder });
    const output = await started.output(/ready .*\}/);
    const { postgres, cache, dataDir } = JSON.parse(output.slice(output.indexOf("{"))) as { postgres: number; cache: number; dataDir: string };
    started.kill("SIGKILL");
    const refused = (port: number): Promise<boolean> => fetch(`http://127.0.0.1:${port}`).then(() => false, (error: Error) => /ECONNREFUSED/.test(String(error.cause)));
    await expect.poll(() => refused(postgres), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => refused(cache), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => existsSync(dataDir), { timeout: 20_000 }).toBe(false);
  });
});

test("a process inherits nothing but the basics", async () => {
  process.env["DATABASE_URL"] = "postgres://leaked";
  const { exitCode, stdout } = await runProcess("env", [], { env: { EXTRA: "1" } });
  delete process.env["DATABASE_URL"];
  expect(exitCode).toBe(0);
  expect(stdout.trim().split("\n").map((line) => line.split("=")[0]).sort()).toEqual(["EXTRA", "HOME", "LANG", "PATH", "REPORT_DIR", "TMPDIR", "TZ"]);
  expect(await runProcess("sh", ["-c", "cat; exit 3"], { input: "in" })).toMatchObject({ exitCode: 3, stdout: "in" });
});

test("a closed port refuses", async () => {
  await expect(query(`postgres://x@127.0.0.1:${await closedPort()}/x`, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
