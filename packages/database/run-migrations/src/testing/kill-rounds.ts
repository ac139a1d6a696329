import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { withClient, withDatabase, type PostgresClient } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { runBin, startBin, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { writeFiles } from "./database.ts";

export type Victim = "runner" | "backend" | "server";

export interface KillRound {
  readonly victim: Victim;
  /** Whether the victim was still at work. */
  readonly killed: boolean;
  /** What the plain run after it ended with. */
  readonly exitCode: number | null;
  readonly story: string;
  readonly state: EndState;
}

/** What a database holds when all is applied. */
export interface EndState {
  /** The tables, columns and indexes, in one text. */
  readonly schema: string;
  readonly invalidIndexes: number;
  /** The rows that the files insert, by table. */
  readonly rows: string;
  /** How many versions are recorded as applied, and how many times at most. */
  readonly applied: number;
  readonly mostOften: number;
}

const fileCount = 50;

/** 50 files, of which 20 build indexes concurrently and 10 hold several statements outside a transaction. */
function killFiles(): Record<string, string> {
  const kinds: ((i: number, table: string) => string)[] = [
    (i) => `CREATE TABLE t${i} (id int, v text);\nINSERT INTO t${i} SELECT g, 'x' FROM generate_series(1, 4000) g;`,
    (_, t) => `CREATE INDEX CONCURRENTLY ${t}_id ON ${t} (id);`,
    (i, t) => `ALTER TABLE ${t} ADD COLUMN c int DEFAULT 1;\nINSERT INTO ${t} VALUES (-${i}, 'once', 2);`,
    (_, t) => `-- no-transaction\nINSERT INTO ${t} VALUES (0, 'a', 1);\nCREATE UNIQUE INDEX CONCURRENTLY ON ${t} (id, v, c);\nINSERT INTO ${t} VALUES (0, 'b', 1);\nDROP INDEX CONCURRENTLY ${t}_id;\nINSERT INTO ${t} VALUES (0, 'c', 1);`,
    (_, t) => `REINDEX TABLE CONCURRENTLY ${t};`,
  ];
  const file = (i: number): [string, string] => [`${i + 1}_m.sql`, kinds[i % kinds.length]!(i, `t${i - (i % kinds.length)}`)];
  return Object.fromEntries(Array.from({ length: fileCount }, (_, i) => file(i)));
}

/** Kills at random moments, one round after the other, each on a database of its own; `expected` is how a run without a kill ends. */
export async function killRounds(victims: readonly Victim[], onRound: (round: KillRound) => void = () => {}): Promise<{ readonly expected: EndState; readonly rounds: readonly KillRound[] }> {
  const server = await startPrivatePostgres();
  try {
    return await withTempFolder(async (folder) => {
      await writeFiles(folder, killFiles());
      const expected = await undisturbed(server, folder);
      const rounds: KillRound[] = [];
      for (const [index, victim] of victims.entries()) {
        const round = await killRound({ server, folder, victim, index });
        rounds.push(round);
        onRound(round);
      }
      return { expected, rounds };
    });
  } finally {
    await server.stop();
  }
}

async function undisturbed(server: PrivatePostgres, folder: string): Promise<EndState> {
  const url = await emptyDatabase(server, "undisturbed");
  await runBin("run-migrations", args(folder), options(folder, url));
  return withClient({ url, applicationName: "test" }, endState);
}

interface Round {
  readonly server: PrivatePostgres;
  readonly folder: string;
  readonly victim: Victim;
  readonly index: number;
}

async function killRound({ server, folder, victim, index }: Round): Promise<KillRound> {
  const url = await emptyDatabase(server, `round_${index}`);
  const started = startBin("run-migrations", args(folder), options(folder, url));
  const reached = 1 + Math.floor(Math.random() * (fileCount - 3));
  await started.output(new RegExp(`Applied ${reached}_m`, "u"));
  await delay(Math.random() * 40);
  const killed = await kill(server, victim, { url, runner: started });
  const first = await started.done;
  const second = await runBin("run-migrations", args(folder), options(folder, url));
  const state = await withClient({ url, applicationName: "test" }, endState);
  await withClient({ url: server.url, applicationName: "test" }, (client) => client.query(`DROP DATABASE round_${index} WITH (FORCE)`));
  return { victim, killed, exitCode: second.exitCode, story: first.stderr + second.stderr, state };
}

async function kill(server: PrivatePostgres, victim: Victim, { url, runner }: { readonly url: string; readonly runner: ReturnType<typeof startBin> }): Promise<boolean> {
  if (victim === "runner") {
    runner.kill("SIGKILL");
    return (await runner.done).signal === "SIGKILL";
  }
  if (victim === "server") {
    server.kill("SIGKILL");
    // Its children end when they notice, and the data is theirs until then.
    await untilItWorks(() => server.start());
    return (await runner.done).exitCode !== 0;
  }
  const pids = await withClient({ url, applicationName: "test" }, (client) =>
    client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'run-migrations' ORDER BY random() LIMIT 1"),
  );
  const [backend] = pids.rows;
  if (backend === undefined) return false;
  process.kill(backend.pid, "SIGKILL");
  await runner.done;
  // After the death of one backend the server restarts all of them.
  await untilItWorks(() => withClient({ url: server.url, applicationName: "test" }, (client) => client.query("SELECT 1")));
  return true;
}

async function untilItWorks(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return void (await work());
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(100);
    }
  }
}

async function emptyDatabase(server: PrivatePostgres, name: string): Promise<string> {
  await withClient({ url: server.url, applicationName: "test" }, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = withDatabase(server.url, name);
  await withClient({ url, applicationName: "test" }, (client) => applyStateMigrations(client, "platform"));
  return url;
}

function args(folder: string): string[] {
  return ["--directory", folder, "--no-history"];
}

function options(folder: string, url: string): { readonly cwd: string; readonly env: Record<string, string> } {
  return { cwd: folder, env: { DATABASE_URL: url, REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") } };
}

const schemaQuery = `
  SELECT string_agg(line, E'\\n' ORDER BY line) AS schema FROM (
    SELECT pg_get_indexdef(indexrelid) AS line FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('%s.%s %s', attrelid::regclass, attname, atttypid::regtype) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND attnum > 0 AND NOT attisdropped
  ) AS lines`;

async function endState(client: PostgresClient): Promise<EndState> {
  const { rows: tables } = await client.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  const counts = [];
  for (const { name } of tables) counts.push(`${name} ${(await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${name}`)).rows[0]!.n}`);
  const { rows } = await client.query<Omit<EndState, "rows">>(`
    SELECT (${schemaQuery}) AS schema,
      (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS "invalidIndexes",
      (SELECT count(DISTINCT version)::int FROM platform.migration_history WHERE status = 'applied') AS applied,
      (SELECT max(n)::int FROM (SELECT count(*) AS n FROM platform.migration_history WHERE status = 'applied' GROUP BY version) AS times) AS "mostOften"`);
  return { ...rows[0]!, rows: counts.join("\n") };
}
