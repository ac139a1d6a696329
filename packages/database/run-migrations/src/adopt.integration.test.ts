// Needs Postgres, which the testkit starts.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withClient } from "@org/postgres";
import { historyLines, startPrivatePostgres, withPlace, withPlaceIn, writeFiles, type Files, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { act } from "./testing/act.ts";
import { applyWithDbmate } from "./testing/dbmate.ts";
import { runMigrations as applyPlain } from "./testing/plain-postgres-migrations.ts";
import { applyWithPrisma, openPrisma } from "./testing/prisma.ts";

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest("hex");
const [a, b] = ["CREATE TABLE a (id int);", "CREATE TABLE b (id int);\r\n"];

interface Foreign {
  readonly tool: string;
  readonly maker: string;
  readonly files: Files;
  readonly pending: Files;
  readonly make: (place: Place) => Promise<void>;
}

interface MadeByHand {
  readonly tool: string;
  readonly files: Files;
  readonly pending: Files;
  readonly sql: string;
}

/** The tables of the files, and a history as the tool's documentation and source describe it. */
function byHand({ tool, files, pending, sql }: MadeByHand): Foreign {
  return { tool, maker: "made by hand", files, pending, make: async ({ client }) => void (await client.query(`${a}${b}; ${sql}`)) };
}

async function recordedSupabase({ url }: Place): Promise<void> {
  const recorded = await readFile(join(import.meta.dirname, "testing/supabase-history.sql"), "utf8");
  await withClient({ url, applicationName: "test" }, (client) => client.query(`${a}${b}; ${recorded}`));
}

const stamps = { files: { "20240101000000_a.sql": a, "20240102000000_b.sql": b }, pending: { "20240103000000_c.sql": "SELECT 1" } };
const pairs = { files: { "1_a.up.sql": a, "1_a.down.sql": "DROP TABLE a;", "2_b.up.sql": b }, pending: { "3_c.up.sql": "SELECT 1" } };
const golangMigrate = byHand({
  ...pairs,
  tool: "golang-migrate",
  sql: "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, false)",
});
const sqlx = byHand({
  ...stamps,
  tool: "sqlx",
  sql: `CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL);
    INSERT INTO _sqlx_migrations VALUES (20240101000000, 'a', now(), true, '\\x${hash("sha384", a)}', 1), (20240102000000, 'b', now(), true, '\\x${hash("sha384", b)}', 1)`,
});
const diesel = byHand({
  files: { "2024-01-01-000000_a/up.sql": a, "2024-01-01-000000_a/down.sql": "SELECT 1", "2024-01-02-000000_b/up.sql": b },
  pending: { "2024-01-03-000000_c/up.sql": "SELECT 1" },
  tool: "diesel",
  sql: "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY NOT NULL, run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP); INSERT INTO __diesel_schema_migrations VALUES ('20240101000000'), ('20240102000000')",
});
const flywayTable =
  "CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL DEFAULT 'me', installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL DEFAULT 1, success boolean NOT NULL DEFAULT true)";
// CRC-32 of the two lines, counted by zlib's crc32 in Python.
const flyway = byHand({
  files: { "V1__a.sql": a, "V1.1__b.sql": b },
  pending: { "V2__c.sql": "SELECT 1" },
  tool: "flyway",
  sql: `${flywayTable}; INSERT INTO flyway_schema_history VALUES (0, null, '<< Flyway Schema Creation >>', 'SCHEMA', '"app"', null), (1, '1', 'a', 'SQL', 'V1__a.sql', -623083431), (2, '1.1', 'b', 'SQL', 'V1.1__b.sql', 1128195672), (3, null, 'v', 'SQL', 'R__v.sql', 1)`,
});
const dbmate: Foreign = {
  tool: "dbmate",
  maker: "which dbmate made",
  files: { "20240101000000_a.sql": `-- migrate:up\n${a}\n-- migrate:down\n`, "20240102000000_b.sql": `-- migrate:up\n${b}-- migrate:down\n` },
  pending: { "20240103000000_c.sql": "-- migrate:up\nSELECT 1" },
  make: ({ url, folder }) => applyWithDbmate(url, folder),
};
const prisma: Foreign = {
  tool: "prisma",
  maker: "which its engine made",
  files: { "20240101000000_a/migration.sql": a, "20240102000000_b/migration.sql": b },
  pending: { "20240103000000_c/migration.sql": "SELECT 1" },
  make: async ({ url, folder }) => applyWithPrisma(await openPrisma(url), folder),
};
const supabase: Foreign = { ...stamps, tool: "supabase", maker: "recorded from its CLI", make: recordedSupabase };
const postgresMigrations: Foreign = {
  tool: "postgres-migrations",
  maker: "which the library made",
  files: { "1_a.sql": a, "2_b.sql": b },
  pending: { "3_c.sql": "SELECT 1" },
  make: ({ url, folder }) => applyPlain(url, folder),
};
const foreign = [dbmate, prisma, postgresMigrations, supabase, golangMigrate, sqlx, diesel, flyway];

/** A place whose history the other tool kept. */
async function withForeign({ files, make }: Foreign, work: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(files, async (place) => {
    await make(place);
    await work(place);
  });
}

/** Every row of every history table but our own, with the transaction that wrote it. */
async function foreignTables({ client }: Place): Promise<string> {
  const { rows } = await client.query<{ xml: string }>(`
    SELECT table_schema || '.' || table_name || query_to_xml(format('SELECT xmin, * FROM %I.%I ORDER BY 2', table_schema, table_name), true, false, '')::text AS xml
    FROM information_schema.tables WHERE table_name ~ 'migrations|flyway' AND table_schema IN ('public', 'supabase_migrations') ORDER BY 1`);
  expect(rows.length).toBeGreaterThan(0);
  return rows.map(({ xml }) => xml).join("\n");
}

test.each(foreign)("the history of $tool, $maker, is adopted and stays as it is", async (history) => {
  await withForeign(history, async (place) => {
    await writeFiles(place.folder, history.pending);
    const before = await foreignTables(place);
    expect((await act(place, "adopt")).data?.counts).toMatchObject({ applied: 2, pending: 1, changed: 0 });
    expect((await act(place, "apply")).data?.appliedNow).toHaveLength(1);
    expect(await foreignTables(place)).toBe(before);
  });
});

test.each([prisma, postgresMigrations, supabase, sqlx, flyway])("a file that changed since $tool applied it is named, other line ends are no change ($maker)", async (history) => {
  await withForeign(history, async (place) => {
    const [first, second] = Object.keys(history.files) as [string, string];
    await writeFiles(place.folder, { [second]: b.replaceAll("\r\n", "\n") });
    expect((await act(place, "adopt", { dryRun: true })).data?.counts).toMatchObject({ applied: 2 });
    await writeFiles(place.folder, { [first]: a.replace("int", "text") });
    await expect(act(place, "adopt")).rejects.toMatchObject({ code: "checkFailed", message: `changed since ${history.tool} applied them: ${first}` });
    expect((await act(place, "adopt", { accept: ["all"] })).data?.counts).toMatchObject({ applied: 2 });
  });
});

test("the history keeps when the other tool applied a file", async () => {
  await withForeign(postgresMigrations, async (place) => {
    await act(place, "adopt");
    const { rows } = await place.client.query<{ same: boolean }>("SELECT h.started_at = date_trunc('milliseconds', m.executed_at) AS same FROM platform.migration_history h JOIN migrations m ON m.id::text = h.version");
    expect(rows.map(({ same }) => same)).toEqual([true, true]);
  });
});

test.each([
  { history: golangMigrate, sql: "UPDATE schema_migrations SET dirty = true", version: "2" },
  { history: sqlx, sql: "UPDATE _sqlx_migrations SET success = false WHERE version = 20240102000000", version: "20240102000000" },
  { history: flyway, sql: "UPDATE flyway_schema_history SET success = false WHERE version = '1.1'", version: "1.1" },
])("a migration that $history.tool did not end well is named, in a history made by hand", async ({ history, sql, version }) => {
  await withForeign(history, async (place) => {
    await place.client.query(sql);
    await expect(act(place, "adopt")).rejects.toMatchObject({ code: "checkFailed", message: expect.stringMatching(new RegExp(`^${history.tool} did not end version ${version} well`, "u")) });
  });
});

test("a migration that failed under Prisma's engine is named, until it is marked as rolled back there", async () => {
  await withPlace(prisma.files, async (place) => {
    const engine = await openPrisma(place.url);
    await writeFiles(place.folder, { "20240103000000_c/migration.sql": "SELECT nothing_of_that_name" });
    await expect(applyWithPrisma(engine, place.folder)).rejects.toThrow(/nothing_of_that_name/u);
    await expect(act(place, "adopt")).rejects.toMatchObject({ code: "checkFailed", message: expect.stringMatching(/^prisma did not end version 20240103000000_c well/u) });
    await engine.markMigrationRolledBack({ migrationName: "20240103000000_c" });
    expect((await act(place, "adopt")).data?.counts).toMatchObject({ applied: 2, pending: 1 });
  });
});

test("what Flyway undid is pending, what it found deleted is no more, and its baseline needs no file (made by hand)", async () => {
  await withPlace({ "V1__a.sql": a, "V3__b.sql": b, "V5__c.sql": "SELECT 1" }, async (place) => {
    await place.client.query(`${a} ${flywayTable}; INSERT INTO flyway_schema_history VALUES
      (1, '2', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', null),
      (2, '3', 'b', 'SQL', 'V3__b.sql', 1), (3, '3', 'b', 'UNDO_SQL', 'U3__b.sql', 1), (4, '4', 'gone', 'SQL', 'V4__gone.sql', 1), (5, '4', 'gone', 'DELETE', 'V4__gone.sql', 1)`);
    await act(place, "adopt");
    expect(await historyLines(place.client)).toEqual(["1 baseline"]);
    expect((await act(place, "apply")).data?.appliedNow.map(({ version }) => version)).toEqual(["3", "5"]);
  });
});

test("the histories that Supabase's services keep are nobody's to adopt", async () => {
  // The role by which a database of Supabase is known belongs to the whole server.
  const server = await startPrivatePostgres();
  try {
    await withPlaceIn(server.url, dbmate.files, async (place) => {
      await dbmate.make(place);
      await place.client.query("CREATE SCHEMA auth; CREATE TABLE auth.schema_migrations (version varchar(255) PRIMARY KEY); CREATE SCHEMA storage; CREATE TABLE storage.migrations (id int, name text, hash text, executed_at timestamp)");
      await expect(act(place, "adopt")).rejects.toMatchObject({ message: expect.stringMatching(/several histories: dbmate \(auth\.schema_migrations\), dbmate \(public\.schema_migrations\), postgres-migrations \(storage\.migrations\)/u) });
      await place.client.query("CREATE ROLE supabase_admin");
      expect((await act(place, "adopt")).data?.counts).toMatchObject({ applied: 2 });
    });
  } finally {
    await server.stop();
  }
});

test("no history, several, and one that names versions without a file are told apart", async () => {
  await withPlace({ "1_a.sql": a }, async (place) => {
    await expect(act(place, "adopt")).rejects.toMatchObject({ code: "configuration", message: "there is no history of another tool in this database" });
    await place.client.query("CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (7, false); CREATE TABLE __diesel_schema_migrations (version text, run_on timestamp)");
    await expect(act(place, "adopt")).rejects.toMatchObject({ message: expect.stringMatching(/several histories: diesel \(public\.__diesel_schema_migrations\), golang-migrate/u), hint: "Name one with --from." });
    await expect(act(place, "adopt", { from: "golang-migrate" })).rejects.toMatchObject({ message: "golang-migrate applied versions that no file has: 7" });
    await expect(act(place, "adopt", { from: "diesel", fromSchema: "app" })).rejects.toMatchObject({ message: "there is no history of diesel in the schema app" });
  });
});

test("of one tool's histories in several schemas, one is named", async () => {
  await withForeign(dbmate, async (place) => {
    await place.client.query("CREATE SCHEMA app; CREATE TABLE app.schema_migrations (version varchar(128) PRIMARY KEY); INSERT INTO app.schema_migrations VALUES ('20240101000000')");
    await expect(act(place, "adopt", { from: "dbmate" })).rejects.toMatchObject({ hint: "Name one with --from-schema." });
    expect((await act(place, "adopt", { fromSchema: "app" })).data?.counts).toMatchObject({ applied: 1, pending: 1 });
  });
});
