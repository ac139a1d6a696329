import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { withClient, withDatabase, type PostgresClient } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { runBin, startBin, startPrivatePostgres, withTempFolder, type BinOptions, type PrivatePostgres } from "@org/testkit";
import { apply, writeFiles, type Files } from "./place.ts";

export type Victim = "runner" | "backend";

export interface KillRound {
  readonly victim: Victim;
  /** Whether the victim was still at work. */
  readonly killed: boolean;
  /** Where history and schema disagreed after the kill, before anything else ran. */
  readonly disagreements: readonly string[];
  /** What the plain run after it ended with. */
  readonly exitCode: number | null;
  readonly story: string;
  readonly end: EndState;
}

/** What a database holds when everything is rolled back. */
export interface EndState {
  readonly relations: readonly string[];
  /** What the ways back outside a transaction noted, each as often as it ran. */
  readonly notes: readonly string[];
  /** How many versions are applied, and how many times one was rolled back at most. */
  readonly applied: number;
  readonly mostOften: number;
}

const count = 24;

/** Tables, columns and indexes; the ways back of the indexes run outside a transaction, half of them with notes around. */
function pairs(): Files {
  const kinds: ((i: number, table: string) => readonly [up: string, down: string])[] = [
    (i) => [`CREATE TABLE t${i} (id int); INSERT INTO t${i} SELECT generate_series(1, 3000)`, `DROP TABLE t${i}`],
    (i, t) => [`CREATE INDEX i${i} ON ${t} (id)`, `DROP INDEX CONCURRENTLY i${i}`],
    (i, t) => [`ALTER TABLE ${t} ADD c${i} int DEFAULT 1`, `ALTER TABLE ${t} DROP c${i}`],
    (i, t) => [`CREATE INDEX i${i} ON ${t} (id)`, `-- no-transaction\nINSERT INTO notes VALUES ('${i} a');\nDROP INDEX CONCURRENTLY i${i};\nINSERT INTO notes VALUES ('${i} b');`],
  ];
  const versions = Array.from({ length: count }, (_, i) => i + 1);
  return Object.fromEntries(
    versions.flatMap((i) => {
      const [up, down] = kinds[(i - 1) % 4]!(i, `t${i - ((i - 1) % 4)}`);
      return [[`${i}_m.up.sql`, up], [`${i}_m.down.sql`, down]];
    }),
  );
}

/** Kills rollbacks at random moments, one round after the other, each on a copy of one migrated database. */
export async function killRounds(victims: readonly Victim[]): Promise<readonly KillRound[]> {
  const server = await startPrivatePostgres();
  try {
    return await withTempFolder(async (folder) => {
      await writeFiles(folder, pairs());
      await prepare(server, folder);
      const rounds: KillRound[] = [];
      for (const [index, victim] of victims.entries()) rounds.push(await killRound({ server, folder, victim, name: `round_${index}` }));
      return rounds;
    });
  } finally {
    await server.stop();
  }
}

async function prepare(server: PrivatePostgres, folder: string): Promise<void> {
  await admin(server, "CREATE DATABASE migrated");
  const url = withDatabase(server.url, "migrated");
  await withClient({ url, applicationName: "test" }, async (client) => {
    await applyStateMigrations(client, "platform");
    await client.query("CREATE TABLE notes (note text)");
  });
  await apply({ url, folder });
}

interface Round {
  readonly server: PrivatePostgres;
  readonly folder: string;
  readonly victim: Victim;
  readonly name: string;
}

async function killRound({ server, folder, victim, name }: Round): Promise<KillRound> {
  await admin(server, `CREATE DATABASE ${name} TEMPLATE migrated`);
  // The copy of a sequence has values in reserve that no log knows of: without a checkpoint a crash would give them out twice.
  await admin(server, "CHECKPOINT");
  const url = withDatabase(server.url, name);
  const args = ["--to", "0", "--allow-data-loss", "--directory", folder, "--no-history"];
  const started = startBin("rollback-migrations", args, options(folder, url));
  await started.output(new RegExp(`with ${2 + Math.floor(Math.random() * (count - 2))}_m`, "u"));
  await delay(Math.random() * 30);
  const killed = await kill(server, victim, { url, runner: started });
  const disagreements = await withClient({ url, applicationName: "test" }, afterTheKill);
  const first = await started.done;
  const second = await runBin("rollback-migrations", args, options(folder, url));
  const end = await withClient({ url, applicationName: "test" }, endState);
  await admin(server, `DROP DATABASE ${name} WITH (FORCE)`);
  return { victim, killed, disagreements, exitCode: second.exitCode, story: first.stderr + second.stderr, end };
}

function options(folder: string, url: string): BinOptions {
  return { cwd: folder, env: { DATABASE_URL: url, REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") } };
}

async function kill(server: PrivatePostgres, victim: Victim, { url, runner }: { readonly url: string; readonly runner: ReturnType<typeof startBin> }): Promise<boolean> {
  if (victim === "runner") {
    runner.kill("SIGKILL");
    return (await runner.done).signal === "SIGKILL";
  }
  const query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rollback-migrations' ORDER BY random() LIMIT 1";
  const { rows } = await withClient({ url, applicationName: "test" }, (client) => client.query<{ pid: number }>(query));
  const [backend] = rows;
  if (backend === undefined || !signalled(backend.pid)) return false;
  await runner.done;
  // After the death of one backend the server restarts all of them.
  await untilItWorks(() => admin(server, "SELECT 1"));
  return true;
}

/** False where the process had ended by itself. */
function signalled(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
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

async function admin({ url }: PrivatePostgres, statement: string): Promise<void> {
  await withClient({ url, applicationName: "test" }, (client) => client.query(statement));
}

/** What a killed run left running ends first. */
async function afterTheKill(client: PostgresClient): Promise<readonly string[]> {
  await untilItWorks(async () => {
    const { rows } = await client.query("SELECT FROM pg_stat_activity WHERE application_name = 'rollback-migrations' AND datname = current_database()");
    if (rows.length > 0) throw new Error("a session of the killed run is still there");
  });
  return disagreementsOf(client);
}

/** Ways back in a transaction: a table or column is there exactly if its version is applied. */
async function disagreementsOf(client: PostgresClient): Promise<readonly string[]> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT v::text AS version FROM generate_series(1, ${count}) AS v
     WHERE v % 2 = 1 AND EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = 't' || (v - (v - 1) % 4) AND a.attname = CASE v % 4 WHEN 1 THEN 'id' ELSE 'c' || v END)
       = EXISTS (SELECT FROM platform.migration_history h WHERE h.version = v::text AND h.direction = 'down' AND h.status = 'applied')`,
  );
  return rows.map(({ version }) => version);
}

async function endState(client: PostgresClient): Promise<EndState> {
  const { rows: relations } = await client.query<{ name: string }>("SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1");
  const { rows: notes } = await client.query<{ note: string }>("SELECT note FROM notes ORDER BY split_part(note, ' ', 1)::int, note");
  const { rows } = await client.query<Pick<EndState, "applied" | "mostOften">>(
    `SELECT (SELECT count(*)::int FROM (SELECT DISTINCT ON (version) direction FROM platform.migration_history WHERE status = 'applied' ORDER BY version, id DESC) AS last WHERE direction = 'up') AS applied,
       (SELECT max(n)::int FROM (SELECT count(*) AS n FROM platform.migration_history WHERE direction = 'down' AND status = 'applied' GROUP BY version) AS times) AS "mostOften"`,
  );
  return { relations: relations.map(({ name }) => name), notes: notes.map(({ note }) => note), ...rows[0]! };
}
