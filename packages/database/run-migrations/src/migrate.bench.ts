// After the build, node --conditions=@org/source src/migrate.bench.ts [files] [rounds]: many small files beside psql and other tools, in turn, on one server.
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { withClient, withDatabase } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { binFile, runProcess, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";

const [count = 500, rounds = 5] = process.argv.slice(2).map(Number);
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

async function writeCollections(folder: string): Promise<void> {
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

async function otherTools(): Promise<void> {
  await mkdir(tools, { recursive: true });
  await writeFile(join(tools, "package.json"), '{ "private": true }');
  const { exitCode, stderr } = await runProcess("npm", ["install", "--no-audit", "--no-fund", "--no-save", "node-pg-migrate@9", "pg@8", "dbmate@2"], { cwd: tools, timeout: 300_000 });
  if (exitCode !== 0) throw new Error(`npm install: ${stderr}`);
}

async function measure(server: PrivatePostgres, tool: Tool, folder: string): Promise<{ readonly fresh: number; readonly again: number }> {
  const admin = { url: server.url, applicationName: "bench" };
  await withClient(admin, (client) => client.query("CREATE DATABASE bench"));
  const url = withDatabase(server.url, "bench");
  try {
    await withClient({ url, applicationName: "bench" }, (client) => applyStateMigrations(client, "platform"));
    const once = async (): Promise<number> => {
      const { exitCode, stdout, stderr, durationMs } = await runProcess(tool.command, tool.args({ url, folder }), { cwd: folder, timeout: 600_000, env: { DATABASE_URL: url, PGSSLMODE: "disable", REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") } });
      if (exitCode !== 0) throw new Error(`${tool.name}: ${stdout}${stderr}`);
      return durationMs;
    };
    const fresh = await once();
    const made = await withClient({ url, applicationName: "bench" }, (client) => client.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_tables WHERE tablename ~ '^t[0-9]+$'"));
    if (made.rows[0]?.n !== count) throw new Error(`${tool.name} made ${made.rows[0]?.n} tables of ${count}`);
    return { fresh, again: tool.name === "psql" ? Number.NaN : await once() };
  } finally {
    await withClient(admin, (client) => client.query("DROP DATABASE bench WITH (FORCE)"));
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function main(): Promise<void> {
  const server = await startPrivatePostgres({ settings: { fsync: "on", full_page_writes: "on" } });
  try {
    await withTempFolder(async (folder) => {
      await writeCollections(folder);
      await otherTools();
      const plainly = (url: string): string => `${url}?sslmode=disable`;
      const all: readonly Tool[] = [
        { name: "psql", command: join(server.binDir, "psql"), args: ({ url }) => ["-q", "-X", "-d", url, "-f", join(folder, "session.sql")] },
        { name: "run-migrations", command: process.execPath, args: () => [binFile("run-migrations"), "--directory", join(folder, "plain"), "--no-history", "--log-level", "WARNING"] },
        { name: "postgres-migrations", command: process.execPath, args: ({ url }) => [join(folder, "plain.cjs"), url, join(folder, "plain")] },
        { name: "node-pg-migrate", command: process.execPath, args: () => [join(tools, "node_modules/node-pg-migrate/bin/node-pg-migrate.js"), "up", "--single-transaction=false", "-m", join(folder, "node-pg-migrate")] },
        { name: "dbmate", command: join(tools, "node_modules/.bin/dbmate"), args: ({ url }) => ["--url", plainly(url), "--no-dump-schema", "-d", join(folder, "dbmate"), "migrate"] },
      ];
      const times = new Map(all.map(({ name }) => [name, { fresh: [] as number[], again: [] as number[] }]));
      for (let round = 0; round < rounds; round += 1) {
        for (const tool of all) {
          const { fresh, again } = await measure(server, tool, folder);
          times.get(tool.name)?.fresh.push(fresh);
          times.get(tool.name)?.again.push(again);
        }
      }
      const base = median(times.get("psql")?.fresh ?? []);
      for (const [name, { fresh, again }] of times) {
        process.stdout.write(`${name.padEnd(20)} ${count} files ${median(fresh).toFixed(0).padStart(6)} ms  ${(median(fresh) / base).toFixed(2)} x psql   nothing to do ${median(again).toFixed(0)} ms\n`);
      }
    });
  } finally {
    await server.stop();
  }
}

await main();
