import { isScriptError, type ScriptError } from "@org/exit-codes";
import { withClient, type PostgresClient } from "@org/postgres";
import { historyLines, pgDump, withPlace, withScratchDatabase, withTempFolder, writeFiles, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { applyMigrations, MigrationError, readMigrations, type AppliedMigration, type ApplyMigrationsOptions } from "./index.ts";

async function apply({ url, folder }: Pick<Place, "url" | "folder">, more: Partial<ApplyMigrationsOptions> = {}): Promise<readonly AppliedMigration[]> {
  const collection = await readMigrations(folder);
  return withClient({ url, applicationName: "test apply", pipeline: true, signal: more.signal }, (client) =>
    withClient({ url, applicationName: "test lock" }, (lockClient) =>
      applyMigrations({ client, lockClient, collection, history: { schema: "platform" }, ...more }),
    ),
  );
}

async function failure(work: Promise<unknown>): Promise<ScriptError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isScriptError(error)) throw new Error(`a ScriptError was expected, not ${String(error)}`);
  return error;
}

const names = (applied: readonly AppliedMigration[]): string[] => applied.map(({ name }) => name);

async function exists(client: PostgresClient, relation: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [relation]);
  return rows[0]!.found;
}

const layouts = {
  files: { "1_a.sql": "CREATE TABLE a (id int);", "10_c.sql": "ALTER TABLE b ADD c int;", "9_b.sql": "CREATE TABLE b (id int);" },
  padded: { "0001-a.sql": "CREATE TABLE a (id int);", "0002-b.sql": "CREATE TABLE b (id int, c int);" },
  pairs: { "20240101120000_a.up.sql": "CREATE TABLE a (id int);", "20240101120000_a.down.sql": "DROP TABLE a;", "20240102120000_b.up.sql": "CREATE TABLE b (id int, c int);" },
  folders: { "01_a/migration.sql": "CREATE TABLE a (id int);", "02_b/migration.sql": "CREATE TABLE b (id int, c int);", "migration_lock.toml": "x" },
  flyway: { "V1__a.sql": "CREATE TABLE a (id int);", "V1.1__b.sql": "CREATE TABLE b (id int, c int);" },
  sections: { "1_a.sql": "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;", "2_b.sql": "-- migrate:up transaction:false\nCREATE TABLE b (id int, c int);\nCREATE INDEX CONCURRENTLY i ON b (c);" },
  folderPairs: { "2024-01-01-120000_a/up.sql": "CREATE TABLE a (id int);", "2024-01-01-120000_a/down.sql": "DROP TABLE a;", "2024-01-02-120000_b/up.sql": "CREATE TABLE b (id int, c int);" },
};

test.each(Object.entries(layouts))("the layout %s is applied once, in order", async (_, files) => {
  await withPlace(files, async (place) => {
    expect(names(await apply(place)).at(0)).toBe("a");
    expect((await place.client.query("SELECT c FROM b")).fields.map(({ name }) => name)).toEqual(["c"]);
    expect(await apply(place)).toEqual([]);
  });
});

test("the schema is the one that the same text makes without the runner", async () => {
  const sql = [
    "CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('a;b', 'c''d');",
    "CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN NEW.x := $$;$$ || ';'; /* ; */ RETURN NEW; END; $body$;",
    "CREATE TABLE s.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text DEFAULT E'\\';' , m s.mood); -- it's ; here",
    "CREATE TRIGGER t BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.f();",
    "CREATE FUNCTION s.g(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN n > 1 THEN 1 ELSE 2 END; END;",
    "CREATE RULE r AS ON DELETE TO s.t DO ALSO (SELECT 1; SELECT 2);",
  ].join("\n");
  await withPlace({ "1_all.sql": sql.replaceAll("\n", "\r\n") }, async (place) => {
    await apply(place);
    await withScratchDatabase(async (url) => {
      await withClient({ url, applicationName: "test" }, (client) => client.query(sql));
      const dump = async (of: string): Promise<string> => (await pgDump(of, ["--schema-only", "--exclude-schema=platform"])).replaceAll(/^\\.*$/gmu, "").replaceAll("\r", "");
      expect(await dump(place.url)).toBe(await dump(url));
    });
  });
});

test("a history row holds who, when, how long and from which run", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int)" }, async (place) => {
    const runId = "01a200c7-f9a3-7e28-a51b-b3bfc8d68b01";
    await apply(place, { history: { schema: "platform", runId, actor: "ada", host: "engine", scriptVersion: "1.2.3" } });
    const { rows } = await place.client.query("SELECT * FROM platform.migration_history");
    expect(rows).toMatchObject([
      { version: "1", name: "a", direction: "up", status: "applied", run_id: runId, actor: "ada", host: "engine", script_version: "1.2.3", error: null },
    ]);
    expect(rows[0]).toMatchObject({ checksum: expect.stringMatching(/^[0-9a-f]{64}$/u), duration_ms: expect.any(Number), finished_at: expect.any(Date) });
  });
});

test("a file that fails leaves nothing half, names the place, and the ones before it stay", async () => {
  const files = {
    "1_a.sql": "CREATE TABLE a (id int);",
    "2_b.sql": "CREATE TABLE b (id int);\nINSERT INTO b VALUES (1);\n  SELECT 1 FROM nosuch;\nCREATE TABLE c (id int);",
    "3_c.sql": "CREATE TABLE d (id int);",
  };
  await withPlace(files, async (place) => {
    const error = await failure(apply(place));
    expect(error).toBeInstanceOf(MigrationError);
    expect(error).toMatchObject({
      code: "checkFailed",
      message: '2_b.sql:3:17: relation "nosuch" does not exist (SQLSTATE 42P01)\n  SELECT 1 FROM nosuch;\n                ^',
      failure: { version: "2", file: "2_b.sql", sqlState: "42P01", line: 3, column: 17, rolledBack: true },
    });
    expect([await exists(place.client, "a"), await exists(place.client, "b"), await exists(place.client, "d")]).toEqual([true, false, false]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 failed"]);
    await writeFiles(place.folder, { "2_b.sql": "CREATE TABLE b (id int);" });
    expect(names(await apply(place))).toEqual(["b", "c"]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 failed", "2 applied", "3 applied"]);
  });
});

test("an error without a position points at its statement, one of a deferred constraint at the commit", async () => {
  const files = { "1_a.sql": "CREATE TABLE a (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1);\n\nDO $$ BEGIN RAISE EXCEPTION 'no; never'; END $$;" };
  await withPlace(files, async (place) => {
    expect((await failure(apply(place))).message).toMatch(/^1_a\.sql:4:1: no; never \(SQLSTATE P0001\)/);
    await writeFiles(place.folder, { "1_a.sql": "CREATE TABLE a (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);INSERT INTO a VALUES (1), (1);" });
    expect((await failure(apply(place))).message).toMatch(/^1_a\.sql at its commit: duplicate key .*SQLSTATE 23505/);
    expect(await exists(place.client, "a")).toBe(false);
  });
});

test("quotes that a file does not close swallow nothing of what runs after it", async () => {
  for (const text of ["CREATE TABLE a (id int);\nSELECT 'open", "CREATE TABLE a (id int);\nSELECT 'open;\n", "CREATE TABLE a (id int);\nDO $$ BEGIN"]) {
    await withPlace({ "1_a.sql": text }, async (place) => {
      expect((await failure(apply(place))).message).toMatch(/^1_a\.sql:2:\d+: unterminated .* \(SQLSTATE 42601\)/);
      expect(await exists(place.client, "a")).toBe(false);
      expect(await historyLines(place.client)).toEqual(["1 failed"]);
    });
  }
});

test("a row that cannot be written takes its file with it, and the error is none of a line of the file", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int);\n" }, async (place) => {
    await place.client.query("ALTER TABLE platform.migration_history ADD CHECK (status <> 'applied')");
    expect((await failure(apply(place))).message).toMatch(/^1_a\.sql at its commit: new row .* violates check constraint .*SQLSTATE 23514/);
    expect(await exists(place.client, "a")).toBe(false);
    expect(await historyLines(place.client)).toEqual(["1 failed"]);
  });
});

test("the row of a file has the times of the server", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a AS SELECT now() AS began;\nSELECT pg_sleep(0.05);\n" }, async (place) => {
    await apply(place);
    const { rows } = await place.client.query("SELECT began = started_at AS begun, duration_ms >= 50 AS slept, finished_at > started_at AS ended FROM a, platform.migration_history");
    expect(rows).toEqual([{ begun: true, slept: true, ended: true }]);
  });
});

test("files that cannot run in a transaction run outside of one", async () => {
  const files = {
    "1_a.sql": "CREATE TABLE a (id int, b int);",
    "2_index.sql": "CREATE INDEX CONCURRENTLY a_id ON a (id);\nCREATE INDEX CONCURRENTLY a_b ON a (b);\nVACUUM a;",
    "3_marker.sql": "-- postgres-migrations disable-transaction\nINSERT INTO a VALUES (1);",
    "4_own.sql": "BEGIN; INSERT INTO a VALUES (2); COMMIT; BEGIN; INSERT INTO a VALUES (3); ROLLBACK;",
    "5_wrapped.sql": "BEGIN;\nINSERT INTO a VALUES (4);\nCOMMIT;",
  };
  await withPlace(files, async (place) => {
    expect((await apply(place)).map(({ inTransaction }) => inTransaction)).toEqual([true, false, false, false, true]);
    const { rows } = await place.client.query("SELECT id FROM a ORDER BY id");
    expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "3 applied", "4 applied", "5 applied"]);
  });
});

test("a file outside a transaction that fails says that it was not undone, and the session goes on", async () => {
  await withPlace({ "1_a.sql": "-- no-transaction\nCREATE TABLE a (id int);\nBEGIN;\nCREATE TABLE b (id int);\nSELECT nosuch();\nCOMMIT;" }, async (place) => {
    const error = await failure(apply(place));
    expect(error).toMatchObject({ failure: { line: 5, column: 8, rolledBack: false }, message: expect.stringContaining("nosuch()") });
    expect([await exists(place.client, "a"), await exists(place.client, "b")]).toEqual([true, false]);
    expect(await historyLines(place.client)).toEqual(["1 failed"]);
  });
});

test("what the server refuses after the commit does not run the file again", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE IF NOT EXISTS a (id int);\nINSERT INTO a VALUES (1);\n" }, async (place) => {
    const collection = await readMigrations(place.folder);
    await withClient({ url: place.url, applicationName: "test apply" }, (client) =>
      withClient({ url: place.url, applicationName: "test lock" }, async (lockClient) => {
        const refusing = Object.create(client) as typeof client;
        refusing.query = async (text: string, values?: unknown[]) => client.query(text.replace("; COMMIT; ", "; COMMIT; SELECT 1 / 0; "), values);
        expect(await applyMigrations({ client: refusing, lockClient, collection, history: { schema: "platform" } })).toHaveLength(1);
      }),
    );
    expect((await place.client.query("SELECT * FROM a")).rows).toEqual([{ id: 1 }]);
    expect(await apply(place)).toEqual([]);
  });
});

test("a transaction that a file leaves open is refused before anything runs", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int)", "2_b.sql": "SELECT 1;\nBEGIN;\nSELECT 2;" }, async (place) => {
    expect(await failure(apply(place))).toMatchObject({ code: "configuration", message: expect.stringMatching(/^2_b\.sql:2:1: /) });
    expect(await exists(place.client, "a")).toBe(false);
  });
});

test.each([
  ["closed", "\\.\n"],
  ["not closed", ""],
])("rows for COPY, %s, are refused before anything runs", async (_, end) => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int);", "2_b.sql": `SELECT 1;\nCOPY a (id) FROM stdin;\n1\n${end}` }, async (place) => {
    expect(await failure(apply(place))).toMatchObject({ code: "configuration", message: expect.stringMatching(/^2_b\.sql:2:1: rows for COPY/) });
    expect(await exists(place.client, "a")).toBe(false);
  });
});

test("a command of psql is refused before anything runs; a backslash in a text is none", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int);", "2_b.sql": "-- of pg_dump\n\\restrict abc\nSELECT 1;" }, async (place) => {
    expect(await failure(apply(place))).toMatchObject({ code: "configuration", message: expect.stringMatching(/^2_b\.sql:2:1: this is a command of psql/), hint: expect.stringContaining("Remove the line") });
    expect(await exists(place.client, "a")).toBe(false);
  });
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int, t text DEFAULT $$\n\\restrict\n$$);\nINSERT INTO a VALUES (1, '\n\\set;\n\\d');" }, async (place) => {
    expect(await apply(place)).toHaveLength(1);
  });
});

test("settings, roles, temporary tables and prepared statements of a file reach neither the next file nor the history", async () => {
  const leave = (id: number): string => `
    SET search_path TO ''; SELECT pg_catalog.set_config('search_path', 'nowhere', false); SET statement_timeout = '1h';
    PREPARE p AS SELECT 1; CREATE TEMP TABLE t (id int); CREATE TABLE public.t${id} (id int);
    SET ROLE pg_monitor; SET SESSION AUTHORIZATION pg_monitor;`;
  await withPlace({ "1_a.sql": leave(1), "2_b.sql": `-- no-transaction\n${leave(2)}`, "3_c.sql": leave(3), "4_d.sql": "CREATE TABLE d (id int)" }, async (place) => {
    expect(await apply(place)).toHaveLength(4);
    expect(await exists(place.client, "public.d")).toBe(true);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "3 applied", "4 applied"]);
  });
});

test("a table named migrations, of this or of another schema, disturbs nothing", async () => {
  await withPlace({ "1_a.sql": "CREATE SCHEMA other; CREATE TABLE other.migrations (x int); CREATE TABLE migrations (id text)", "2_b.sql": "SELECT 1" }, async (place) => {
    expect(await apply(place)).toHaveLength(2);
    expect(await apply(place)).toEqual([]);
  });
});

test("what was applied and is changed or missing now stops the run before anything is applied", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int);\n", "2_b.sql": "SELECT 1" }, async (place) => {
    await apply(place);
    await writeFiles(place.folder, { "1_a.sql": "CREATE TABLE a (id int);\r\n\r\n", "3_c.sql": "CREATE TABLE c (id int)" });
    expect(names(await apply(place))).toEqual(["c"]);
    await writeFiles(place.folder, { "1_a.sql": "CREATE TABLE a (id bigint);", "4_d.sql": "CREATE TABLE d (id int)" });
    expect(await failure(apply(place))).toMatchObject({ code: "checkFailed", message: expect.stringContaining("1_a.sql was changed after it was applied") });
    await withTempFolder(async (folder) => {
      await writeFiles(folder, { "1_a.sql": "CREATE TABLE a (id int);", "3_c.sql": "CREATE TABLE c (id int)", "4_d.sql": "CREATE TABLE d (id int)" });
      expect((await failure(apply({ url: place.url, folder }))).message).toMatch(/version 2 \(b\) is applied and its file is missing/);
    });
    expect(await exists(place.client, "d")).toBe(false);
  });
});

test("hostile names and texts are recorded as they are", async () => {
  const name = `it's "$$; drop table a; --\n%s`;
  await withPlace({ [`1_${name}.sql`]: "SELECT 'it''s; $$', $q$ ' $q$", [`2_${"x".repeat(200)}.sql`]: "SELECT 1" }, async (place) => {
    expect(names(await apply(place))).toEqual([name, "x".repeat(200)]);
    const { rows } = await place.client.query<{ name: string }>("SELECT name FROM platform.migration_history ORDER BY id");
    expect(rows[0]!.name).toBe(name);
  });
});

test("runs at the same time apply each file once", async () => {
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i + 1}_t.sql`, `CREATE TABLE t${i} (id int); SELECT pg_sleep(0.01)`]));
  await withPlace(files, async (place) => {
    const runs = await Promise.all([apply(place), apply(place), apply(place), apply(place)]);
    expect(runs.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 10]);
    expect(await historyLines(place.client)).toHaveLength(10);
  });
});

test("a run that waits does not hold up an index that is built concurrently", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int)", "2_i.sql": "CREATE INDEX CONCURRENTLY i ON a (id)" }, async (place) => {
    const runs = await Promise.all([apply(place), apply(place)]);
    expect(runs.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, 2]);
  });
});

test("the lock is kept until what the second session does meanwhile has ended", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int)" }, async (place) => {
    const done = Promise.withResolvers<void>();
    const first = apply(place, { meanwhile: () => done.promise });
    await expect.poll(() => exists(place.client, "a")).toBe(true);
    expect(await failure(apply(place, { lockWaitMs: 50 }))).toMatchObject({ code: "timedOut" });
    done.resolve();
    expect(await first).toHaveLength(1);
  });
});

test.each([
  ["files that run in transactions", { "1_a.sql": "CREATE TABLE a (id int)" }, 1],
  ["no file", {}, 0],
  ["a file that runs outside a transaction, and would wait for it", { "1_a.sql": "CREATE TABLE a (id int)", "2_i.sql": "CREATE INDEX CONCURRENTLY i ON a (id)" }, 0],
])("what the second session does meanwhile, beside %s", async (_, files, times) => {
  await withPlace({ "0_z.sql": "CREATE TABLE z (id int)" }, async (place) => {
    await apply(place);
    await writeFiles(place.folder, files);
    let calls = 0;
    await apply(place, { meanwhile: async () => void (calls += 1) });
    expect(calls).toBe(times);
  });
});

test("who waits too long for the lock is told who holds it", async () => {
  await withPlace({ "1_a.sql": "SELECT pg_advisory_lock(7)" }, async (place) => {
    await place.client.query("SELECT pg_advisory_lock(7)");
    const first = apply(place);
    const held = "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    await expect.poll(async () => (await place.client.query<{ n: number }>(held)).rows[0]!.n).toBe(1);
    expect(await failure(apply(place, { lockWaitMs: 50 }))).toMatchObject({ code: "timedOut", message: expect.stringMatching(/process \d+ \(test lock, user \w+/) });
    await place.client.query("SELECT pg_advisory_unlock(7)");
    expect(await first).toHaveLength(1);
  });
});

test("a file can give no lock away and keep none", async () => {
  await withPlace({ "1_a.sql": "-- no-transaction\nDISCARD ALL;", "2_b.sql": "SELECT pg_advisory_unlock_all(), pg_advisory_lock(7)", "3_c.sql": held }, async (place) => {
    await apply(place);
    expect((await place.client.query("SELECT * FROM c")).rows).toEqual([{ locks: 1 }]);
  });
});

const held = "CREATE TABLE c AS SELECT count(*)::int AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";

test("two histories of one database are apart", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE IF NOT EXISTS a (id int)" }, async (place) => {
    await place.client.query('CREATE SCHEMA "other; schema"; CREATE TABLE "other; schema".migration_history (LIKE platform.migration_history INCLUDING ALL)');
    expect(await apply(place)).toHaveLength(1);
    expect(await apply(place, { history: { schema: "other; schema" } })).toHaveLength(1);
  });
});

test("without a history table the run ends with the command that makes it", async () => {
  await withScratchDatabase((url) =>
    withTempFolder(async (folder) => {
      await writeFiles(folder, { "1_a.sql": "SELECT 1" });
      expect(await failure(apply({ url, folder }))).toMatchObject({ code: "dependency", hint: "Run npx @org/init-database." });
      expect(await apply({ url, folder }, { history: null })).toHaveLength(1);
    }),
  );
});

test("a right that is missing has its own code", async () => {
  await withPlace({ "1_a.sql": "SET ROLE pg_monitor;\nCREATE SCHEMA mine;" }, async (place) => {
    expect(await failure(apply(place))).toMatchObject({ code: "permission", failure: { line: 2, sqlState: "42501" } });
  });
});

test("an abort ends the running statement and leaves nothing", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int); SELECT pg_sleep(60)" }, async (place) => {
    const abort = new AbortController();
    const run = apply(place, { signal: abort.signal });
    const sleeping = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'test apply' AND query LIKE '%pg_sleep%'";
    await expect.poll(async () => (await place.client.query<{ n: number }>(sleeping)).rows[0]!.n).toBe(1);
    abort.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    const { rows } = await place.client.query("SELECT to_regclass('a') AS a");
    expect(rows).toEqual([{ a: null }]);
    expect(await historyLines(place.client)).toEqual([]);
  });
});
