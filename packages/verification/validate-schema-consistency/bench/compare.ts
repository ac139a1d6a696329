// Two databases of many tables: both snapshots and their comparison beside two pg_dump --schema-only and diff, in turn, as whole processes.
//   node -C @org/source packages/verification/validate-schema-consistency/bench/compare.ts [tables] [rounds]
import { open } from "node:fs/promises";
import { join } from "node:path";
import { exitCodes } from "@org/exit-codes";
import { withClient, withDatabase } from "@org/postgres";
import { runProcess, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { build } from "tsup";

/** Of the time of the dumps, and in MB. */
const bounds = { ratio: 0.5, memory: 200 };

const [tables = 2000, rounds = 7] = process.argv.slice(2).map(Number);
const once = await buildOnce();

interface Round {
  readonly ours: number;
  readonly dumps: number;
  readonly peakBytes: number;
}

const measured = await withServer(async (server) => {
  const urls = [await makeDatabase(server), await copyDatabase(server)];
  await runRound(server, urls);
  const all: Round[] = [];
  for (let index = 0; index < rounds; index += 1) all.push(await runRound(server, urls));
  return all;
});

const ratio = median(measured.map(({ ours, dumps }) => ours / dumps));
const memory = Math.max(...measured.map(({ peakBytes }) => peakBytes)) / 1e6;
console.table({
  "both snapshots and the comparison (ms)": Math.round(median(measured.map(({ ours }) => ours))),
  "two pg_dump and diff (ms)": Math.round(median(measured.map(({ dumps }) => dumps))),
  "median of the ratios": Number(ratio.toFixed(2)),
  "peak memory (MB)": Math.round(memory),
});
const isOver = ratio > bounds.ratio || memory > bounds.memory;
console.log(`${tables} tables, ${rounds} rounds, Node ${process.versions.node}: ${isOver ? "over" : "inside"} the bounds of ${bounds.ratio} and ${bounds.memory} MB.`);
process.exitCode = isOver ? exitCodes.checkFailed : exitCodes.success;

/** As the packages are published: compiled, with libraries where npm puts them. Of the time of users no part is TypeScript's. */
async function buildOnce(): Promise<string> {
  const outDir = join(import.meta.dirname, "../../../../node_modules/.cache/compare-bench");
  const entry = { once: join(import.meta.dirname, "compare-once.ts") };
  const esbuildOptions: Parameters<typeof build>[0]["esbuildOptions"] = (options) => void (options.conditions = ["@org/source", "module"]);
  await build({ config: false, entry, outDir, format: "esm", target: "node22", platform: "node", splitting: true, silent: true, noExternal: [/^@org\//u], skipNodeModulesBundle: true, esbuildOptions });
  return join(outDir, "once.js");
}

async function withServer<T>(work: (server: PrivatePostgres) => Promise<T>): Promise<T> {
  const server = await startPrivatePostgres({ settings: { max_locks_per_transaction: 1024 } });
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function makeDatabase(server: PrivatePostgres): Promise<string> {
  await withClient({ url: server.url, applicationName: "bench" }, (client) => client.query("CREATE DATABASE expected"));
  const url = withDatabase(server.url, "expected");
  await withClient({ url, applicationName: "bench" }, async (client) => {
    await client.query("CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := now(); RETURN NEW; END'");
    for (let i = 1; i <= tables; i += 1) await client.query(tableSql(i) + (i % 20 === 0 ? otherKindsSql(i) : ""));
    await client.query(fewSql());
    await client.query("ANALYZE");
  });
  return url;
}

async function copyDatabase(server: PrivatePostgres): Promise<string> {
  await withClient({ url: server.url, applicationName: "bench" }, (client) => client.query("CREATE DATABASE found TEMPLATE expected"));
  return withDatabase(server.url, "found");
}

/** A table of ten columns with a primary key, two indexes, a foreign key and a policy. */
function tableSql(i: number): string {
  const parent = Math.max(1, i - 1);
  return `
    CREATE TABLE t${i} (id bigint PRIMARY KEY, parent_id bigint REFERENCES t${parent}, name text NOT NULL, state text NOT NULL DEFAULT 'new', price numeric(10, 2),
      made timestamptz NOT NULL DEFAULT now(), changed timestamptz, tags text[] DEFAULT '{}', details jsonb, active boolean NOT NULL DEFAULT true);
    CREATE INDEX t${i}_parent ON t${i} (parent_id);
    CREATE INDEX t${i}_name ON t${i} (lower(name)) WHERE active;
    ALTER TABLE t${i} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON t${i} USING (name = CURRENT_USER) WITH CHECK (active)`;
}

/** What else a schema holds, beside every twentieth table. */
function otherKindsSql(i: number): string {
  return `;
    CREATE TYPE mood${i} AS ENUM ('sad', 'ok', 'happy');
    CREATE DOMAIN price${i} AS numeric CHECK (VALUE >= 0);
    CREATE SEQUENCE numbers${i} INCREMENT 10;
    CREATE VIEW v${i} AS SELECT t.id, t.name, p.state FROM t${i} t JOIN t${i - 1} p ON p.id = t.parent_id WHERE t.active;
    CREATE MATERIALIZED VIEW m${i} AS SELECT state, count(*) AS n FROM t${i} GROUP BY state;
    CREATE FUNCTION total${i}(state text) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT sum(price) FROM t${i} WHERE t${i}.state = total${i}.state $$;
    CREATE TRIGGER touch BEFORE UPDATE ON t${i} FOR EACH ROW EXECUTE FUNCTION touch();
    ALTER TABLE t${i} ADD CHECK (price >= 0);
    CREATE STATISTICS s${i} ON state, active FROM t${i};
    CREATE RULE quiet AS ON DELETE TO v${i} DO INSTEAD NOTHING;
    COMMENT ON TABLE t${i} IS 'The table ${i}';
    COMMENT ON COLUMN t${i}.name IS 'The name in ${i}';
    GRANT SELECT ON t${i} TO pg_monitor`;
}

/** What a database holds a few of. */
function fewSql(): string {
  return `
    CREATE FOREIGN DATA WRAPPER away; CREATE SERVER branch FOREIGN DATA WRAPPER away OPTIONS (host 'h');
    CREATE FOREIGN TABLE stock (id bigint, name text) SERVER branch OPTIONS (table_name 'stock'); CREATE USER MAPPING FOR PUBLIC SERVER branch;
    CREATE PUBLICATION changes FOR TABLE t1, t2 (id, name) WHERE (id > 10);
    CREATE FUNCTION near(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) = lower($2)';
    CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = near);
    CREATE CAST (mood20 AS integer) WITH INOUT; CREATE COLLATION plain (provider = libc, locale = 'C');
    CREATE TEXT SEARCH CONFIGURATION words (COPY = simple); CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = simple);
    CREATE AGGREGATE longest(text) (SFUNC = textcat, STYPE = text); CREATE TYPE span AS RANGE (SUBTYPE = integer);
    CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER told ON ddl_command_end EXECUTE FUNCTION seen();
    CREATE TABLE parts (id bigint, at date) PARTITION BY RANGE (at); CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE EXTENSION citext; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor`;
}

async function runRound(server: PrivatePostgres, urls: readonly string[]): Promise<Round> {
  const { durationMs: ours, stdout } = await run(process.execPath, [once, ...urls]);
  const { facts, differences, peakBytes } = JSON.parse(stdout) as { facts: number; differences: number; peakBytes: number };
  if (differences !== 0 || facts < tables * 16) throw new Error(`${differences} differences in ${facts} facts`);
  return { ours, dumps: await dumpBoth(server, urls), peakBytes };
}

async function dumpBoth(server: PrivatePostgres, urls: readonly string[]): Promise<number> {
  return withTempFolder(async (folder) => {
    const files = urls.map((_, index) => join(folder, `${index}.sql`));
    const started = performance.now();
    for (const [index, url] of urls.entries()) await run(join(server.binDir, "pg_dump"), ["--schema-only", `--dbname=${url}`, `--file=${files[index]}`]);
    // Each dump holds a word of its own in these two lines.
    await run("diff", ["-I", "^.restrict ", "-I", "^.unrestrict ", ...files]);
    const took = performance.now() - started;
    for (const file of files) await requireText(file);
    return took;
  });
}

async function requireText(file: string): Promise<void> {
  const handle = await open(file);
  const { size } = await handle.stat().finally(() => handle.close());
  if (size < tables * 500) throw new Error(`${file} has ${size} bytes only`);
}

async function run(command: string, args: readonly string[]): Promise<{ readonly durationMs: number; readonly stdout: string }> {
  const { exitCode, durationMs, stdout, stderr } = await runProcess(command, args, { timeout: 120_000 });
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${stderr}${stdout.slice(0, 500)}`);
  return { durationMs, stdout };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
