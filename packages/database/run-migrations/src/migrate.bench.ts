// After the build, node --conditions=@org/source src/migrate.bench.ts [files] [rounds] [many files]: many small files beside psql and other tools, in turn, on one
// server; then very many files, to see whether the time grows with them alone. node-pg-migrate is installed into node_modules/.cache.
// Every database stays until the end: on some file systems new files take longer for minutes after many were deleted, so each tool would pay for the one before.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { withClient, withDatabase } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { binFile, runProcess, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { dbmateArguments } from "./testing/dbmate.ts";

const [small = 500, rounds = 5, many = 5000] = process.argv.slice(2).map(Number);
const repository = resolve(import.meta.dirname, "../../../..");
const tools = join(repository, "node_modules/.cache/migration-tools");

interface Tool {
  readonly name: string;
  readonly command: string;
  readonly args: (place: { readonly url: string; readonly folder: string }) => readonly string[];
}

function table(i: number): string {
  return `CREATE TABLE t${i} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());\nCREATE INDEX t${i}_name ON t${i} (name);\n`;
}

async function writeCollections(folder: string, count: number): Promise<void> {
  for (const name of ["plain", "node-pg-migrate", "dbmate"]) await mkdir(join(folder, name));
  const session: string[] = ["\\set ON_ERROR_STOP 1"];
  for (let i = 1; i <= count; i += 1) {
    const stamp = 20_240_101_000_000 + i;
    await writeFile(join(folder, "plain", `${i}_t${i}.sql`), table(i));
    await writeFile(join(folder, "node-pg-migrate", `${stamp}_t.sql`), `-- Up Migration\n${table(i)}-- Down Migration\n`);
    await writeFile(join(folder, "dbmate", `${stamp}_t.sql`), `-- migrate:up\n${table(i)}-- migrate:down\n`);
    session.push("BEGIN;", `\\i ${join(folder, "plain", `${i}_t${i}.sql`)}`, "COMMIT;");
  }
  await writeFile(join(folder, "session.sql"), session.join("\n"));
  const library = join(repository, "node_modules/postgres-migrations");
  const pg = join(repository, "node_modules/pg/lib/index.js");
  await writeFile(
    join(folder, "plain.cjs"),
    `const { Client } = require(${JSON.stringify(pg)}); const { migrate } = require(${JSON.stringify(library)});
     (async () => { const client = new Client(process.argv[2]); await client.connect(); await migrate({ client }, process.argv[3]); await client.end(); })();`,
  );
}

async function nodePgMigrate(): Promise<void> {
  if (existsSync(join(tools, "node_modules/node-pg-migrate"))) return;
  await mkdir(tools, { recursive: true });
  await writeFile(join(tools, "package.json"), '{ "private": true }');
  const { exitCode, stderr } = await runProcess("npm", ["install", "--no-audit", "--no-fund", "--no-save", "node-pg-migrate@9", "pg@8"], { cwd: tools, timeout: 300_000, env: process.env });
  if (exitCode !== 0) throw new Error(`npm install: ${stderr}`);
}

interface Times {
  /** Milliseconds on an empty database, and again with nothing to do. */
  readonly fresh: number;
  readonly again: number;
}

async function measure(server: PrivatePostgres, tool: Tool, { folder, count }: Collection): Promise<Times> {
  const url = await newDatabase(server);
  const fresh = await elapsed(tool, { url, folder });
  const made = await withClient({ url, applicationName: "bench" }, (client) => client.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_tables WHERE tablename ~ '^t[0-9]+$'"));
  if (made.rows[0]?.n !== count) throw new Error(`${tool.name} made ${made.rows[0]?.n} tables of ${count}`);
  if (tool.name === "psql") return { fresh, again: Number.NaN };
  const again: number[] = [];
  for (let time = 0; time < 3; time += 1) again.push(await elapsed(tool, { url, folder }));
  return { fresh, again: median(again) };
}

let databases = 0;

/** An empty one with the state tables; what the server still has to write of the last one is written before. */
async function newDatabase(server: PrivatePostgres): Promise<string> {
  databases += 1;
  const name = `bench_${databases}`;
  await withClient({ url: server.url, applicationName: "bench" }, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = withDatabase(server.url, name);
  await withClient({ url, applicationName: "bench" }, async (client) => {
    await applyStateMigrations(client, "platform");
    await client.query("CHECKPOINT");
  });
  return url;
}

async function elapsed(tool: Tool, { url, folder }: { readonly url: string; readonly folder: string }): Promise<number> {
  const env = { DATABASE_URL: plainly(url), PGSSLMODE: "disable", REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") };
  const { exitCode, stdout, stderr, durationMs } = await runProcess(tool.command, tool.args({ url, folder }), { cwd: folder, timeout: 600_000, env });
  if (exitCode !== 0) throw new Error(`${tool.name}: ${stdout}${stderr}`);
  return durationMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

interface Collection {
  readonly folder: string;
  readonly count: number;
}

/** None of the tools asks for TLS, which the server does not speak. */
function plainly(url: string): string {
  return `${url}?sslmode=disable`;
}

/** Ours as npx starts it, by the first line of its bin, and the others by Node itself, which is a moment quicker. */
function toolsFor(server: PrivatePostgres, folder: string): readonly Tool[] {
  const runMigrations = ["--directory", join(folder, "plain"), "--log-level", "WARNING"];
  return [
    { name: "psql", command: join(server.binDir, "psql"), args: ({ url }) => ["-q", "-X", "-d", url, "-f", join(folder, "session.sql")] },
    { name: "run-migrations", command: binFile("run-migrations"), args: () => [...runMigrations, "--no-history"] },
    { name: "  with history", command: binFile("run-migrations"), args: () => runMigrations },
    { name: "postgres-migrations", command: process.execPath, args: ({ url }) => [join(folder, "plain.cjs"), url, join(folder, "plain")] },
    { name: "node-pg-migrate", command: process.execPath, args: () => [join(tools, "node_modules/node-pg-migrate/bin/node-pg-migrate.js"), "up", "--single-transaction=false", "-m", join(folder, "node-pg-migrate")] },
    { name: "dbmate", command: process.execPath, args: ({ url }) => [join(repository, "node_modules/dbmate/dist/cli.js"), ...dbmateArguments({ url, folder: join(folder, "dbmate") })] },
  ];
}

/** Each round runs every tool once, in another order, so that what else the machine does falls on all of them; the first one warms up and does not count. */
async function compare(server: PrivatePostgres): Promise<readonly Readonly<Record<string, Times>>[]> {
  return withTempFolder(async (folder) => {
    await writeCollections(folder, small);
    const all: Record<string, Times>[] = [];
    const tools = toolsFor(server, folder);
    for (let round = 0; round <= rounds; round += 1) {
      const times: Record<string, Times> = {};
      for (const tool of [...tools.slice(round % tools.length), ...tools.slice(0, round % tools.length)]) times[tool.name] = await measure(server, tool, { folder, count: small });
      if (round > 0) all.push(times);
    }
    return all;
  });
}

function report(all: readonly Readonly<Record<string, Times>>[]): void {
  for (const name of Object.keys(all[0] ?? {}).toSorted((a, b) => median(all.map((times) => times[a]!.fresh)) - median(all.map((times) => times[b]!.fresh)))) {
    const [fresh, again] = [median(all.map((times) => times[name]!.fresh)), median(all.map((times) => times[name]!.again))];
    const toPsql = median(all.map((times) => times[name]!.fresh / times["psql"]!.fresh));
    const toPlain = median(all.map((times) => times[name]!.again / times["postgres-migrations"]!.again));
    process.stdout.write(`${name.padEnd(20)} ${small} files ${fresh.toFixed(0).padStart(6)} ms  ${toPsql.toFixed(2)} x psql   nothing to do ${again.toFixed(0).padStart(5)} ms  ${toPlain.toFixed(2)} x postgres-migrations\n`);
  }
}

async function grow(server: PrivatePostgres): Promise<void> {
  const perFile: number[] = [];
  for (const count of [small, many]) {
    const { fresh, again } = await withTempFolder(async (folder) => {
      await writeCollections(folder, count);
      return measure(server, toolsFor(server, folder)[1]!, { folder, count });
    });
    perFile.push(fresh / count);
    process.stdout.write(`run-migrations       ${count} files ${fresh.toFixed(0)} ms, ${(fresh / count).toFixed(2)} ms a file; nothing to do ${again.toFixed(0)} ms\n`);
  }
  process.stdout.write(`a file of ${many} takes ${(perFile[1]! / perFile[0]!).toFixed(2)} times as long as one of ${small}\n`);
}

async function main(): Promise<void> {
  const server = await startPrivatePostgres({ settings: { fsync: "on", full_page_writes: "on" } });
  try {
    await nodePgMigrate();
    report(await compare(server));
    if (many > 0) await grow(server);
  } finally {
    await server.stop();
  }
}

await main();
