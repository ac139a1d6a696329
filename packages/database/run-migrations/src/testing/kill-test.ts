import type { PostgresClient } from "@org/postgres";
import type { Files, KillTest } from "@org/testkit";

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
export const killTest: KillTest<EndState> = {
  command: "run-migrations",
  args: ["--no-history"],
  files: killFiles(),
  reached: (draw) => new RegExp(`Applied ${1 + Math.floor(draw * (fileCount - 3))}_m`, "u"),
  latestMs: 40,
  endState,
};

function killFiles(): Files {
  const kinds: ((i: number, table: string) => string)[] = [
    (i) => `CREATE TABLE t${i} (id int, v text);\nINSERT INTO t${i} SELECT g, 'x' FROM generate_series(1, 4000) g;`,
    (_, t) => `CREATE INDEX CONCURRENTLY ${t}_id ON ${t} (id);`,
    (i, t) => `ALTER TABLE ${t} ADD COLUMN c int DEFAULT 1;\nINSERT INTO ${t} VALUES (-${i}, 'once', 2);`,
    (_, t) => `-- no-transaction\nINSERT INTO ${t} VALUES (0, 'a', 1);\nCREATE UNIQUE INDEX CONCURRENTLY ON ${t} (id, v, c);\nINSERT INTO ${t} VALUES (0, 'b', 1);\nDROP INDEX CONCURRENTLY ${t}_id;\nINSERT INTO ${t} VALUES (0, 'c', 1);`,
    (_, t) => `REINDEX TABLE CONCURRENTLY ${t};`,
  ];
  const file = (i: number): [string, string] => [`migrations/${i + 1}_m.sql`, kinds[i % kinds.length]!(i, `t${i - (i % kinds.length)}`)];
  return Object.fromEntries(Array.from({ length: fileCount }, (_, i) => file(i)));
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
