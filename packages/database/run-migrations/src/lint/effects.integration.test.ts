// Needs Postgres, which the testkit starts.
import { withClient, type PostgresClient } from "@org/postgres";
import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { lintCases } from "../testing/lint-cases.ts";
import { effectsOf, lockModes, type StatementEffects } from "./effects.ts";
import { lockRules } from "./lock-rules.ts";
import { parseStatement } from "./parse-statement.ts";

const setUp = `
  CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (id int, a int, b text, d int); CREATE INDEX i ON t (a); CREATE UNIQUE INDEX k ON t (id);
  ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u NOT VALID;
  CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9); CREATE TABLE p2 (id int);
  CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
  CREATE POLICY po ON t; CREATE VIEW v AS SELECT 1 AS x; CREATE MATERIALIZED VIEW m AS SELECT id FROM u; CREATE UNIQUE INDEX mi ON m (id);`;

const inTransaction = [
  "CREATE INDEX ON t (b)",
  "CREATE TABLE n (a int REFERENCES u)",
  "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (10) TO (20)",
  "CREATE TABLE n () INHERITS (t)",
  "ALTER TABLE t ADD x int",
  "ALTER TABLE t ADD x int DEFAULT 7",
  "ALTER TABLE t ADD x uuid DEFAULT gen_random_uuid()",
  "ALTER TABLE t ADD x timestamptz DEFAULT now()",
  "ALTER TABLE t ADD x bigserial",
  "ALTER TABLE t ADD x int GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE t ADD x int GENERATED ALWAYS AS (a + 1) STORED",
  "ALTER TABLE t ADD x int REFERENCES u",
  "ALTER TABLE t DROP b",
  "ALTER TABLE t ALTER a TYPE bigint",
  "ALTER TABLE t ALTER a SET NOT NULL",
  "ALTER TABLE t ALTER a SET DEFAULT 1",
  "ALTER TABLE t ALTER a SET STATISTICS 200",
  "ALTER TABLE t ADD CHECK (a > 1)",
  "ALTER TABLE t ADD CHECK (a > 1) NOT VALID",
  "ALTER TABLE t VALIDATE CONSTRAINT c",
  "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES u",
  "ALTER TABLE t ADD UNIQUE (a)",
  "ALTER TABLE t ADD CONSTRAINT kk UNIQUE USING INDEX k",
  "ALTER TABLE t DISABLE TRIGGER tr",
  "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
  "ALTER TABLE t SET (fillfactor = 70)",
  "ALTER TABLE t SET UNLOGGED",
  "ALTER TABLE t RENAME TO tt",
  "ALTER TABLE t RENAME a TO aa",
  "ALTER INDEX i RENAME TO ii",
  "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (30) TO (40)",
  "ALTER TABLE p DETACH PARTITION p1",
  "DROP INDEX i",
  "DROP TABLE t",
  "DROP TRIGGER tr ON t",
  "DROP POLICY po ON t",
  "DROP VIEW v",
  "TRUNCATE p1",
  "REINDEX TABLE t",
  "REINDEX INDEX i",
  "CLUSTER t USING i",
  "REFRESH MATERIALIZED VIEW m",
  "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
  "ANALYZE t",
  "CREATE TRIGGER t2 BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
  "CREATE POLICY p2 ON t",
  "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
  "COMMENT ON TABLE t IS 'x'",
  "INSERT INTO u VALUES (1)",
  "UPDATE t SET a = 2",
  "DELETE FROM t",
  "LOCK TABLE t IN SHARE MODE",
  ...flaggedForLocks(),
];

/** What the rules about locks flag, but for what runs outside a transaction, below, and what the server refuses. */
function flaggedForLocks(): readonly string[] {
  const outside = new Set(["prefer-repack", "ban-concurrent-index-creation-in-transaction", "ban-uncommitted-transaction", "transaction-nesting"]);
  return lockRules.flatMap(({ name }) => (outside.has(name) ? [] : [lintCases[name]!.flag]));
}

async function effects(sql: string): Promise<StatementEffects> {
  const parsed = await parseStatement(sql);
  if ("syntaxError" in parsed) throw new Error(parsed.syntaxError);
  return effectsOf(parsed.node);
}

interface Told {
  readonly sql: string;
  readonly locks: readonly string[];
  readonly rewritten: string;
}

interface Relation {
  readonly oid: string;
  readonly filenode: string | null;
}

async function relation(client: PostgresClient, oidOrName: string): Promise<Relation> {
  const { rows } = await client.query<Relation>("SELECT $1::regclass::oid::text AS oid, pg_relation_filenode($1::regclass)::text AS filenode", [oidOrName]);
  return rows[0]!;
}

/** The strongest lock that a session has or waits for on a relation. */
async function strongest(client: PostgresClient, oid: string, pid: string): Promise<string | undefined> {
  const { rows } = await client.query<{ mode: (typeof lockModes)[number] }>(`SELECT mode FROM pg_locks WHERE locktype = 'relation' AND relation = $1 AND pid = ${pid}`, [oid]);
  return rows.map(({ mode }) => mode).toSorted((a, b) => lockModes.indexOf(b) - lockModes.indexOf(a))[0];
}

test("each lock and rewrite that is foretold is the one that the server takes", async () => {
  await withScratchDatabase(async (url) => {
    await withClient({ url, applicationName: "test" }, async (client) => {
      await client.query(setUp);
      const seen: Told[] = [];
      const foretold: Told[] = [];
      for (const sql of inTransaction) {
        const { locks, rewrite } = await effects(sql);
        const before = await Promise.all(locks.map(async ({ relation: name }) => relation(client, name)));
        await client.query("BEGIN");
        await client.query(sql);
        const modes: (string | undefined)[] = [];
        for (const { oid } of before) modes.push(await strongest(client, oid, "pg_backend_pid()"));
        const target = before[0];
        const gone = /^DROP|^ALTER TABLE p |^CREATE TABLE/u.test(sql);
        const after = target === undefined || gone ? target : await relation(client, target.oid);
        await client.query("ROLLBACK");
        const rewritten = !/^(?:TRUNCATE|REINDEX)/u.test(sql) && after?.filenode !== target?.filenode ? "yes" : "no";
        seen.push({ sql, locks: locks.map(({ relation: name }, index) => `${name} ${modes[index]}`), rewritten });
        foretold.push({ sql, locks: locks.map(({ relation: name, mode }) => `${name} ${mode}`), rewritten: rewrite === "maybe" ? "yes" : rewrite });
      }
      expect(seen).toEqual(foretold);
    });
  });
});

test.each(["CREATE INDEX CONCURRENTLY j ON t (b)", "DROP INDEX CONCURRENTLY i", "REINDEX TABLE CONCURRENTLY t", "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", "VACUUM FULL t"])("%s takes the lock that is foretold", async (sql) => {
  await withScratchDatabase(async (url) => {
    await withClient({ url, applicationName: "test" }, async (client) => {
      await client.query(setUp);
      const [{ relation: name, mode } = { relation: "", mode: "" }] = (await effects(sql)).locks;
      const { oid } = await relation(client, name);
      await client.query("BEGIN; INSERT INTO t (b) VALUES ('x'); LOCK TABLE p IN SHARE UPDATE EXCLUSIVE MODE");
      const working = withClient({ url, applicationName: "concurrent" }, (other) => other.query(sql));
      const pid = "(SELECT pid FROM pg_stat_activity WHERE application_name = 'concurrent' AND datname = current_database() AND wait_event_type = 'Lock')";
      // Not the session with the transaction: it sees the activity of others as of its first look.
      await withClient({ url, applicationName: "watcher" }, async (watcher) => {
        await expect.poll(() => strongest(watcher, oid, pid), { timeout: 10_000 }).toBe(mode);
      });
      await client.query("ROLLBACK");
      await working;
    });
  });
});
