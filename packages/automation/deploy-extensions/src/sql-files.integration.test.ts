import { expect, test } from "vitest";
import { installed, withPlace, type Place } from "./testing/place.ts";

const config = { extensions: [{ name: "pgcrypto" }], extensionFiles: ["sql"] };

async function column(client: Place["client"], query: string): Promise<unknown[]> {
  return (await client.query<{ value: unknown }>(query)).rows.map(({ value }) => value);
}

test("a statement that fails rolls back everything and shows its place", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({ "sql/1.sql": "CREATE TABLE one (id int);", "sql/2.sql": "-- it's the second; $$\r\nCREATE TABLE two (id int);\r\n\tSELECT '🚆', nosuch;\r\n" });
    const report = await deploy(config);
    expect(report).toMatchObject({
      exitCode: 6,
      checks: [{}, { verdict: "skipped" }, { id: "files.applied", verdict: "fail", evidence: expect.stringMatching(/^sql\/2\.sql:3:14: .*\(SQLSTATE 42703\); everything was rolled back$/u) }],
      data: { failure: { file: "sql/2.sql", line: 3, column: 14, sqlState: "42703", excerpt: "\tSELECT '🚆', nosuch;\n\t            ^", rolledBack: true }, files: [{ done: false }, { done: false }] },
    });
    expect(await installed(client)).toEqual([]);
    expect(await column(client, "SELECT relname AS value FROM pg_class WHERE relname IN ('one', 'two')")).toEqual([]);
  });
});

test("a failure without a position is placed at its statement, with the calls that led there", async () => {
  await withPlace(async ({ write, deploy }) => {
    await write({ "sql/1.sql": "SELECT 1;\nDO $$ BEGIN PERFORM 1; END $$; -- fine\n\n  DO $body$\nBEGIN\n  PERFORM 1 / 0;\nEND $body$;\nSELECT 2;" });
    expect(await deploy(config)).toMatchObject({ data: { failure: { line: 4, column: 3, sqlState: "22012", context: expect.stringMatching(/line 3 at PERFORM/u) } } });
  });
});

test("what is broken at the commit is told too", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({ "sql/1.sql": "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (1)" });
    expect(await deploy(config)).toMatchObject({ exitCode: 6, data: { failure: { file: null, line: null, sqlState: "23503" } } });
    expect(await installed(client)).toEqual([]);
  });
});

test("the rows of COPY go through untouched, also in CRLF files with a byte order mark", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    const rows = `1\tit's; $$ -- "\r\n2\t\\N\r\n3\tä京\\\\.\r\n`;
    const many = Array.from({ length: 50_000 }, (_, i) => `${i},"row ""${i}"""`).join("\n");
    await write({
      "sql/1.sql": `\uFEFFCREATE TABLE t (id int, note text);\r\nCOPY t (id, note) FROM STDIN;\r\n${rows}\\.\r\nUPDATE t SET id = id + 10;\r\n`,
      "sql/2.sql": `CREATE TABLE many (id int, note text); COPY "many" FROM stdin WITH (FORMAT csv);\n${many}\n\\.\nCOPY t FROM STDIN; COPY many FROM STDIN;\n\\.\n\\.\n`,
    });
    expect(await deploy(config)).toMatchObject({ verdict: "pass", data: { files: [{ statements: 3, done: true }, { statements: 4, done: true }] } });
    expect(await column(client, "SELECT id || ' ' || coalesce(note, '-') AS value FROM t ORDER BY id")).toEqual([`11 it's; $$ -- "`, "12 -", "13 ä京\\."]);
    expect(await column(client, "SELECT count(*) || ' ' || max(note) AS value FROM many")).toEqual(['50000 row "9999"']);
  });
});

test("a place after and inside of COPY is told in lines of the file", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({ "sql/1.sql": "CREATE TABLE t (a int);\nCOPY t FROM STDIN;\n1\n2\n\\.\nSELECT 1;\n SELEC 2;" });
    expect(await deploy(config)).toMatchObject({ data: { failure: { line: 7, column: 2, sqlState: "42601" } } });
    await write({ "sql/1.sql": "CREATE TABLE t (a int);\nCOPY t FROM STDIN;\n1\nx\n\\.\nSELECT 1;" });
    expect(await deploy(config)).toMatchObject({ data: { failure: { line: 2, column: 1, sqlState: "22P02", context: expect.stringMatching(/COPY t, line 2/u) } } });
    expect(await installed(client)).toEqual([]);
    const many = Array.from({ length: 200_000 }, (_, i) => `x${i}`).join("\n");
    await write({ "sql/1.sql": `CREATE TABLE t (a int); COPY t FROM STDIN;\n${many}\n\\.\n` });
    expect(await deploy(config)).toMatchObject({ exitCode: 6, data: { failure: { sqlState: "22P02", rolledBack: true } } });
    await write({ "sql/1.sql": "-- no-transaction\nCREATE TABLE t (a int);\nCOPY t FROM STDIN;\n1\n\\.\nVACUUM t;" });
    expect(await deploy(config)).toMatchObject({ verdict: "pass" });
  });
});

test("a file that cannot run in a transaction runs outside, in its place, and what was committed before stays", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({
      "sql/1.sql": "CREATE TABLE IF NOT EXISTS t (id int);",
      "sql/2.sql": "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (id);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS j ON t (id);",
      "sql/10.sql": "SELECT nosuch;",
    });
    const report = await deploy(config);
    expect(report).toMatchObject({
      exitCode: 6,
      checks: [{}, { verdict: "pass" }, { evidence: expect.stringMatching(/sql\/10\.sql:1:8: .*; 2 of 3 files stay applied$/u) }],
      data: { failure: { rolledBack: false }, files: [{ done: true, inTransaction: true }, { file: "sql/2.sql", done: true, inTransaction: false }, { done: false }] },
    });
    expect(await installed(client)).toEqual(["pgcrypto 1.3 public"]);
    await write({ "sql/10.sql": "SELECT 1;" });
    expect(await deploy(config)).toMatchObject({ checks: [{}, {}, { verdict: "pass", evidence: "3 files ran; outside a transaction: sql/2.sql" }] });
    expect(await column(client, "SELECT relname AS value FROM pg_class WHERE relname IN ('i', 'j') ORDER BY 1")).toEqual(["i", "j"]);
  });
});

test("a file's own BEGIN and COMMIT do not end the run's transaction, and one that is left open is refused", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({ "sql/1.sql": "BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;", "sql/2.sql": "SELECT nosuch" });
    expect(await deploy(config)).toMatchObject({ exitCode: 6, data: { failure: { rolledBack: true } } });
    expect(await installed(client)).toEqual([]);
    await write({ "sql/2.sql": "SELECT 1;\n BEGIN; SELECT 2;" });
    await expect(deploy(config)).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(/sql\/2\.sql:2:2: this transaction is not ended/u) });
    await write({ "sql/2.sql": "BEGIN; CREATE TABLE u (id int); COMMIT; BEGIN; SELECT nosuch; COMMIT;" });
    expect(await deploy(config)).toMatchObject({ exitCode: 6, data: { failure: { rolledBack: false } }, checks: [{}, { verdict: "pass" }, {}] });
  });
});

test("roles, settings and temporary tables of a file do not reach the next one", async () => {
  await withPlace(async ({ write, deploy }) => {
    await write({
      "sql/1.sql": "SET ROLE pg_monitor; SET search_path = ''; CREATE TEMPORARY TABLE x (id int);",
      "sql/2.sql": "DO $$ BEGIN ASSERT current_user = session_user AND current_setting('search_path') <> '' AND to_regclass('pg_temp.x') IS NULL; END $$",
    });
    expect(await deploy({ extensionFiles: ["sql"] })).toMatchObject({ exitCode: 0 });
  });
});

test("files that cannot be used are told together, before anything is done", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({ "latin1.sql": Uint8Array.from([0x53, 0xe4]), "nul.sql": "SELECT 1\0", "empty/README.md": "", "sql/-- it's; \".sql": "SELECT 1" });
    const files = ["latin1.sql", "nul.sql", "empty", "nosuch.sql"];
    await expect(deploy({ ...config, extensionFiles: files })).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringMatching(/4 problems:\n.*latin1\.sql is not UTF-8\n.*nul\.sql contains a NUL[^]*empty holds no SQL file\n.*nosuch\.sql does not exist/u),
    });
    expect(await installed(client)).toEqual([]);
    expect(await deploy(config)).toMatchObject({ verdict: "pass", data: { files: [{ file: "sql/-- it's; \".sql" }] } });
  });
});

test("a missing right and a busy lock in a file have their exit codes", async () => {
  await withPlace(async ({ client, write, deploy }) => {
    await write({ "sql/1.sql": "SET ROLE pg_monitor;\nCREATE SCHEMA mine;" });
    expect(await deploy(config)).toMatchObject({ exitCode: 5, checks: [{}, {}, { remedy: expect.stringMatching(/GRANT CREATE ON DATABASE/u) }], data: { failure: { line: 2 } } });
    await client.query("CREATE TABLE t (id int)");
    await client.query("BEGIN; LOCK TABLE t");
    await write({ "sql/1.sql": "ALTER TABLE t ADD COLUMN b int;" });
    expect(await deploy(config, { lockTimeout: 50 })).toMatchObject({ exitCode: 7, data: { failure: { sqlState: "55P03" } } });
    await client.query("ROLLBACK");
    expect(await deploy(config, { lockTimeout: 50 })).toMatchObject({ exitCode: 0 });
  });
});
