import { join } from "node:path";
import type { PostgresClient } from "@org/postgres";
import { untilItWorks, type Files, type KillTest } from "@org/testkit";
import { apply } from "./place.ts";

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
/** Its way back takes along a view that a repeatable file makes, and which is there again in the end. */
const takesAlong = 13;

/** Everything is rolled back; a fault is where history and schema disagree. */
export const killTest: KillTest<EndState> = {
  command: "rollback-migrations",
  args: ["--to", "0", "--allow-data-loss", "--no-history"],
  files: { ...pairs(), "migrations/R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 'x'::kind AS kind" },
  prepare: async ({ url, folder, client }) => {
    await client.query("CREATE TABLE notes (note text)");
    await apply({ url, folder: join(folder, "migrations") });
  },
  reached: (draw) => new RegExp(`with ${2 + Math.floor(draw * (count - 2))}_m`, "u"),
  latestMs: 30,
  faults: disagreements,
  endState,
};

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
      const [also, back] = i === takesAlong ? ["; CREATE TYPE kind AS ENUM ('x')", "; DROP TYPE kind CASCADE; CREATE TYPE kind AS ENUM ('x')"] : ["", ""];
      return [[`migrations/${i}_m.up.sql`, up + also], [`migrations/${i}_m.down.sql`, down + back]];
    }),
  );
}

/** What a killed run left running ends first. */
async function disagreements(client: PostgresClient): Promise<readonly string[]> {
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
    `SELECT (SELECT count(*)::int FROM (SELECT DISTINCT ON (version) direction FROM platform.migration_history WHERE status = 'applied' AND version !~ '^R' ORDER BY version, id DESC) AS last WHERE direction = 'up') AS applied,
       (SELECT max(n)::int FROM (SELECT count(*) AS n FROM platform.migration_history WHERE direction = 'down' AND status = 'applied' GROUP BY version) AS times) AS "mostOften"`,
  );
  return { relations: relations.map(({ name }) => name), notes: notes.map(({ note }) => note), ...rows[0]! };
}
