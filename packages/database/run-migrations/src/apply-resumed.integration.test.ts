// Needs Postgres, which the testkit starts.
import { silentLogger } from "@org/logging";
import { withClient, type PostgresClient } from "@org/postgres";
import { historyLines, withPlace, writeFiles, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { applyMigrations, readMigrations, type AppliedMigration, type ApplyMigrationsOptions } from "./index.ts";

interface Applied {
  readonly applied: readonly AppliedMigration[];
  readonly lines: readonly string[];
  readonly error: Error | undefined;
}

async function apply({ url, folder }: Place, more: Partial<ApplyMigrationsOptions> = {}): Promise<Applied> {
  const collection = await readMigrations(folder);
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const logger = { ...silentLogger, info: note, warning: note };
  let applied: readonly AppliedMigration[] = [];
  const work = withClient({ url, applicationName: "test apply" }, (client) =>
    withClient({ url, applicationName: "test lock" }, async (lockClient) => {
      applied = await applyMigrations({ client, lockClient, collection, history: { schema: "platform" }, logger, ...more });
    }),
  );
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  return { applied, lines, error };
}

const noRetries = { lockTimeoutMs: 300, retries: 0 };

async function invalidIndexes(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid");
  return rows.map(({ name }) => name);
}

async function value<T>(client: PostgresClient, sql: string): Promise<T | undefined> {
  const { rows } = await client.query<{ value: T }>(sql);
  return rows[0]?.value;
}

test("a file outside a transaction goes on after what it had done, with the settings of its start", async () => {
  const start = "-- no-transaction\nSET search_path = s;\nCREATE TABLE public.a (id int);\nBEGIN;\nINSERT INTO public.a VALUES (1);\nCOMMIT;\nINSERT INTO public.a VALUES (2);\n";
  await withPlace({ "1_s.sql": "CREATE SCHEMA s;", "2_a.sql": `${start}SELECT nosuch();` }, async (place) => {
    expect((await apply(place)).error?.message).toMatch(/2_a\.sql:8:8/);
    await writeFiles(place.folder, { "2_a.sql": `${start}CREATE TABLE here (id int);` });
    const again = await apply(place);
    expect(again.lines).toContain("2_a.sql goes on after its statement 6 of 7, which an earlier run had done.");
    expect(await value(place.client, "SELECT array_agg(id ORDER BY id) AS value FROM a")).toEqual([1, 2]);
    expect(await value(place.client, "SELECT to_regclass('s.here') IS NOT NULL AS value")).toBe(true);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 failed", "2 applied"]);
  });
});

test("a file that was corrected in what it had done runs from its start", async () => {
  await withPlace({ "1_a.sql": "-- no-transaction\nCREATE TABLE a (id int);\nSELECT nosuch();" }, async (place) => {
    await apply(place);
    await writeFiles(place.folder, { "1_a.sql": "-- no-transaction\nDROP TABLE IF EXISTS a;\nCREATE TABLE a (id bigint);" });
    expect((await apply(place)).applied).toHaveLength(1);
  });
});

test("a file that changes its role records its progress as the login role and goes on as its own", async () => {
  const files = { "1_a.sql": "-- no-transaction\nSET ROLE pg_monitor;\nSELECT 1;\nCREATE TEMP TABLE who AS SELECT current_user::text AS name;\nRESET ROLE;\nCREATE TABLE kept AS SELECT name FROM who;" };
  await withPlace(files, async (place) => {
    expect((await apply(place)).error).toBeUndefined();
    expect(await value(place.client, "SELECT name AS value FROM kept")).toBe("pg_monitor");
  });
});

test("an index that a failed build left invalid is named, and dropped and built again by the next run", async () => {
  const files = {
    "1_a.sql": "CREATE TABLE a (id int, b int); INSERT INTO a VALUES (1, 1), (1, 2);",
    "2_i.sql": "CREATE INDEX CONCURRENTLY ON a (b);\nCREATE UNIQUE INDEX CONCURRENTLY /* of ids */ IF NOT EXISTS \"A id\" ON public.a (id);",
  };
  await withPlace(files, async (place) => {
    const first = await apply(place);
    expect(first.error?.message).toMatch(/2_i\.sql:2:1: could not create unique index/);
    expect(first.lines).toContain('The index public."A id" is left behind, invalid; the next run drops it and builds it again.');
    expect(await invalidIndexes(place.client)).toEqual(['"A id"']);
    await place.client.query("DELETE FROM a WHERE b = 2");
    const second = await apply(place);
    expect(second.lines).toContain('The index public."A id" is invalid: its build was interrupted. It is dropped and built again.');
    expect(second.applied).toHaveLength(1);
    expect(await invalidIndexes(place.client)).toEqual([]);
    expect(await value(place.client, "SELECT count(*)::int AS value FROM pg_index WHERE indrelid = 'a'::regclass")).toBe(2);
  });
});

test("an index without a name that was interrupted is found too, and one that was finished is not built twice", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1);", "2_i.sql": "CREATE UNIQUE INDEX CONCURRENTLY ON a (id);" }, async (place) => {
    await apply(place);
    expect(await invalidIndexes(place.client)).toEqual(["a_id_idx"]);
    await place.client.query("DELETE FROM a");
    expect((await apply(place)).applied).toHaveLength(1);
    expect(await invalidIndexes(place.client)).toEqual([]);
    // As if the run had been killed between the statement and its record.
    await place.client.query("UPDATE platform.migration_history SET status = 'running', finished_at = NULL, progress = jsonb_set(progress, '{done}', '0') || jsonb_build_object('checksum', $1::text, 'started', jsonb_build_object('indexes', '[]'::jsonb)) WHERE version = '2' AND status = 'applied'", ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]);
    const again = await apply(place);
    expect(again.lines).toContain("2_i.sql, statement 1: an interrupted run had done it.");
    expect(await value(place.client, "SELECT count(*)::int AS value FROM pg_index WHERE indrelid = 'a'::regclass")).toBe(1);
  });
});

test("an invalid index of another table and one that is only of a partitioned table are left alone", async () => {
  const files = {
    "1_a.sql": "CREATE TABLE a (id int); CREATE TABLE b (id int); INSERT INTO b VALUES (1), (1); CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9); CREATE INDEX p_id ON ONLY p (id);",
    "2_i.sql": "CREATE INDEX CONCURRENTLY a_id ON a (id);",
  };
  await withPlace(files, async (place) => {
    await apply(place, { select: { to: "1" } });
    await place.client.query("CREATE UNIQUE INDEX CONCURRENTLY b_id ON b (id)").catch(() => undefined);
    expect((await apply(place)).lines).toEqual([]);
    expect((await invalidIndexes(place.client)).toSorted()).toEqual(["b_id", "p_id"]);
  });
});

test("a detachment of which one half is done is finished", async () => {
  const files = {
    "1_p.sql": "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);",
    "2_d.sql": "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;",
  };
  await withPlace(files, async (place) => {
    await apply(place, { select: { to: "1" } });
    await withClient({ url: place.url, applicationName: "reader" }, async (reader) => {
      await reader.query("BEGIN; SELECT * FROM p");
      await place.client.query("SET lock_timeout = 100");
      await expect(place.client.query("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY")).rejects.toThrow(/lock timeout/);
    });
    expect(await value(place.client, "SELECT inhdetachpending AS value FROM pg_inherits")).toBe(true);
    expect((await apply(place)).applied).toHaveLength(1);
    expect(await value(place.client, "SELECT count(*)::int AS value FROM pg_inherits")).toBe(0);
  });
});

test("behind a held lock a file makes way after its lock timeout, and readers go on reading", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE big (id int); INSERT INTO big VALUES (1);", "2_b.sql": "ALTER TABLE big ADD COLUMN b int DEFAULT 7;" }, async (place) => {
    await apply(place, { select: { to: "1" } });
    await withClient({ url: place.url, applicationName: "holder" }, async (holder) => {
      await holder.query("BEGIN; SELECT * FROM big");
      const running = apply(place, { locks: { lockTimeoutMs: 200, retries: 3 } });
      const { slowest, reads } = await readUntil(place.client, running);
      const { error, lines } = await running;
      expect(error).toMatchObject({ code: "timedOut", message: expect.stringMatching(/2_b\.sql:1:1: .*lock timeout/u) });
      expect(lines.filter((line) => line.includes("is tried again"))).toHaveLength(3);
      expect(reads).toBeGreaterThan(20);
      expect(slowest).toBeLessThan(1500);
    });
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 failed"]);
    expect((await apply(place)).applied).toHaveLength(1);
  });
});

/** Reads the table again and again while the work goes on; the slowest read in milliseconds. */
async function readUntil(client: PostgresClient, work: Promise<unknown>): Promise<{ slowest: number; reads: number }> {
  const reading = { slowest: 0, reads: 0, over: false };
  void work.then(() => (reading.over = true));
  while (!reading.over) {
    const start = performance.now();
    await client.query("SELECT * FROM big");
    reading.slowest = Math.max(reading.slowest, performance.now() - start);
    reading.reads += 1;
  }
  return reading;
}

test("a lock that is given back in time is had at the next attempt", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int);", "2_b.sql": "INSERT INTO a VALUES (1); ALTER TABLE a ADD COLUMN b int;", "3_c.sql": "-- no-transaction\nINSERT INTO a VALUES (2);\nALTER TABLE a ADD COLUMN c int;" }, async (place) => {
    await apply(place, { select: { to: "1" } });
    await place.client.query("BEGIN; LOCK TABLE a IN ROW EXCLUSIVE MODE");
    const lines: string[] = [];
    const logger = { ...silentLogger, warning: (line: string) => void (lines.push(line), place.client.query("ROLLBACK; BEGIN; LOCK TABLE a IN ROW EXCLUSIVE MODE; COMMIT")) };
    expect((await apply(place, { locks: { lockTimeoutMs: 300, retries: 2 }, logger })).applied).toHaveLength(2);
    expect(lines).toHaveLength(1);
    expect(await value(place.client, "SELECT array_agg(id ORDER BY id) AS value FROM a")).toEqual([1, 2]);
  });
});

test("what is built concurrently waits longer than the lock timeout, and a setting of the file counts", async () => {
  const files = {
    "1_a.sql": "CREATE TABLE a (id int);",
    "2_i.sql": "CREATE INDEX CONCURRENTLY i ON a (id);\nCREATE TABLE kept AS SELECT current_setting('lock_timeout') AS value;",
    "3_s.sql": "SET lock_timeout = '7s'; SELECT 1; CREATE TABLE own AS SELECT current_setting('lock_timeout') AS value;",
  };
  await withPlace(files, async (place) => {
    await apply(place, { select: { to: "1" } });
    await place.client.query("BEGIN; INSERT INTO a VALUES (1)");
    const running = apply(place, { locks: noRetries });
    await withClient({ url: place.url, applicationName: "test" }, async (watcher) => {
      await expect.poll(() => value(watcher, "SELECT now() - query_start > '600ms' AS value FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%'")).toBe(true);
    });
    await place.client.query("COMMIT");
    expect((await running).applied).toHaveLength(2);
    expect(await value(place.client, "SELECT value FROM kept")).toBe("300ms");
    expect(await value(place.client, "SELECT value FROM own")).toBe("7s");
  });
});

test("up to a version, and out of order only when that is allowed", async () => {
  await withPlace({ "1_a.sql": "SELECT 1", "3_c.sql": "SELECT 1", "4_d.sql": "SELECT 1" }, async (place) => {
    expect((await apply(place, { select: { to: "003" } })).applied.map(({ version }) => version)).toEqual(["1", "3"]);
    await writeFiles(place.folder, { "2_b.sql": "SELECT 1" });
    expect((await apply(place)).error).toMatchObject({ code: "checkFailed", message: "2_b.sql is older than what is applied already; nothing was applied" });
    expect((await apply(place, { select: { to: "9" } })).error).toMatchObject({ code: "configuration", message: "no migration has the version 9" });
    expect((await apply(place, { select: { allowOutOfOrder: true } })).applied.map(({ version }) => version)).toEqual(["2", "4"]);
  });
});

test("in a single transaction all files are applied or none", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int);", "2_b.sql": "CREATE TABLE b (id int);\nSELECT nosuch();" }, async (place) => {
    const failed = await apply(place, { singleTransaction: true });
    expect(failed.error?.message).toMatch(/^2_b\.sql:2:8/);
    expect(await historyLines(place.client)).toEqual(["2 failed"]);
    expect(await value(place.client, "SELECT to_regclass('a') AS value")).toBeNull();
    await writeFiles(place.folder, { "2_b.sql": "SET search_path = ''; CREATE TABLE public.b (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED); INSERT INTO public.b VALUES (1), (1)" });
    expect((await apply(place, { singleTransaction: true })).error?.message).toMatch(/^2_b\.sql at its commit: duplicate key/);
    await writeFiles(place.folder, { "2_b.sql": "SET search_path = ''; CREATE TABLE public.b (id int);" });
    expect((await apply(place, { singleTransaction: true })).applied).toHaveLength(2);
    await writeFiles(place.folder, { "3_c.sql": "VACUUM a;", "4_d.sql": "SELECT 1" });
    expect((await apply(place, { singleTransaction: true })).error).toMatchObject({ code: "configuration", message: expect.stringMatching(/^3_c\.sql runs outside/u) });
  });
});
