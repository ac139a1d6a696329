// Needs Postgres, which the testkit starts.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runMigrations as applyPlain } from "./testing/plain-postgres-migrations.ts";
import { historyLines, withPlace, writeFiles, type Files, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { runMigrations, type MigrationStatus } from "./index.ts";

type Input = NonNullable<Parameters<typeof runMigrations>[0]>;

async function act({ url, folder }: Place, action: string, more: Input & { readonly dryRun?: boolean } = {}): Promise<{ exitCode: number; data: MigrationStatus | null }> {
  const { dryRun = false, ...input } = more;
  return runMigrations({ databaseUrl: url, directory: folder, ...input }, { action, dryRun });
}

const words = (data: MigrationStatus | null): string[] => data!.migrations.map(({ version, state }) => `${version} ${state}`);

const three = { "1_a.sql": "CREATE TABLE a (id int);", "2_b.sql": "CREATE TABLE b (id int);", "3_c.sql": "CREATE TABLE c (id int);" };

test("a changed file is accepted, versions are marked, and the history tells it", async () => {
  await withPlace(three, async (place) => {
    await act(place, "apply", { to: "2" });
    await writeFiles(place.folder, { "1_a.sql": "CREATE TABLE a (id bigint);" });
    expect((await act(place, "repair", { accept: ["all"], dryRun: true })).exitCode).toBe(10);
    expect((await act(place, "apply")).exitCode).toBe(6);
    const repaired = await act(place, "repair", { accept: ["1"], markApplied: ["3"], markReverted: ["2"] });
    expect(repaired.data?.recordedNow.map(({ version, change }) => `${version} ${change}`)).toEqual(["1 accepted", "3 applied", "2 reverted"]);
    expect(words(repaired.data)).toEqual(["1 applied", "2 pending", "3 applied"]);
    const { rows } = await place.client.query("SELECT version, direction, run_id IS NOT NULL AS told FROM platform.migration_history WHERE status = 'baseline' ORDER BY id");
    expect(rows).toEqual([{ version: "1", direction: "up", told: true }, { version: "3", direction: "up", told: true }, { version: "2", direction: "down", told: true }]);
    await place.client.query("DROP TABLE b");
    expect((await act(place, "apply", { allowOutOfOrder: true })).data?.appliedNow.map(({ version }) => version)).toEqual(["2"]);
  });
});

test("a repair that names nothing, or a version in another state, is refused", async () => {
  await withPlace(three, async (place) => {
    await expect(act(place, "repair")).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(/nothing to repair/u) });
    await expect(act(place, "repair", { accept: ["1"] })).rejects.toMatchObject({ message: "version 1 cannot be recorded as accepted: it is pending" });
    await expect(act(place, "repair", { markReverted: ["9"] })).rejects.toMatchObject({ message: "no migration has the version 9" });
    expect(await historyLines(place.client)).toEqual([]);
  });
});

test("a database that exists is taken over with a baseline, once", async () => {
  await withPlace(three, async (place) => {
    await place.client.query("CREATE TABLE a (id int); CREATE TABLE b (id int)");
    await expect(act(place, "baseline")).rejects.toMatchObject({ code: "configuration", hint: expect.stringMatching(/--to/u) });
    expect(words((await act(place, "baseline", { to: "2" })).data)).toEqual(["1 applied", "2 applied", "3 pending"]);
    expect((await act(place, "apply")).data?.appliedNow.map(({ version }) => version)).toEqual(["3"]);
    await expect(act(place, "baseline", { to: "3" })).rejects.toMatchObject({ code: "checkFailed" });
  });
});

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest("hex");
const [a, b] = ["CREATE TABLE a (id int);", "CREATE TABLE b (id int);\r\n"];

interface Foreign {
  readonly tool: string;
  readonly files: Files;
  readonly sql: string;
  /** What the history tells when it is broken. */
  readonly broken?: string;
}

const pairs = { "1_a.up.sql": a, "1_a.down.sql": "DROP TABLE a;", "2_b.up.sql": b, "3_c.up.sql": "SELECT 1" };
const stamps = { "20240101000000_a.sql": a, "20240102000000_b.sql": b, "20240103000000_c.sql": "SELECT 1" };
const foreign: readonly Foreign[] = [
  {
    tool: "supabase",
    files: stamps,
    sql: "CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text); INSERT INTO supabase_migrations.schema_migrations VALUES ('20240101000000', '{}', 'a'), ('20240102000000', '{}', 'b')",
  },
  {
    tool: "dbmate",
    files: { "20240101000000_a.sql": `-- migrate:up\n${a}\n-- migrate:down\n`, "20240102000000_b.sql": `-- migrate:up\n${b}`, "20240103000000_c.sql": "-- migrate:up\nSELECT 1" },
    sql: "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20240101000000'), ('20240102000000')",
  },
  {
    tool: "golang-migrate",
    files: pairs,
    sql: "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, false)",
    broken: "UPDATE schema_migrations SET dirty = true",
  },
  {
    tool: "sqlx",
    files: stamps,
    sql: `CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz DEFAULT now(), success boolean, checksum bytea, execution_time bigint); INSERT INTO _sqlx_migrations VALUES (20240101000000, 'a', now(), true, '\\x${hash("sha384", a)}', 1), (20240102000000, 'b', now(), true, '\\x${hash("sha384", b)}', 1)`,
    broken: "UPDATE _sqlx_migrations SET success = false WHERE version = 20240102000000",
  },
  {
    tool: "diesel",
    files: { "2024-01-01-000000_a/up.sql": a, "2024-01-01-000000_a/down.sql": "SELECT 1", "2024-01-02-000000_b/up.sql": b, "2024-01-03-000000_c/up.sql": "SELECT 1" },
    sql: "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now()); INSERT INTO __diesel_schema_migrations VALUES ('20240101000000'), ('20240102000000')",
  },
  {
    tool: "flyway",
    files: { "V1__a.sql": a, "V1.1__b.sql": b, "V2__c.sql": "SELECT 1" },
    sql: "CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000), checksum int, installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int, success boolean); INSERT INTO flyway_schema_history VALUES (1, '1', 'a', 'BASELINE', 'a', 1, 'me', now(), 1, true), (2, '1.1', 'b', 'SQL', 'V1.1__b.sql', 1, 'me', now(), 1, true), (3, null, 'v', 'SQL', 'R__v.sql', 1, 'me', now(), 1, true)",
    broken: "UPDATE flyway_schema_history SET success = false WHERE version = '1.1'",
  },
  {
    tool: "prisma",
    files: { "20240101000000_a/migration.sql": a, "20240102000000_b/migration.sql": b, "20240103000000_c/migration.sql": "SELECT 1" },
    sql: `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz DEFAULT now(), applied_steps_count int DEFAULT 0); INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, logs, rolled_back_at) VALUES ('1', '${hash("sha256", a)}', now(), '20240101000000_a', null, null), ('2', '${hash("sha256", b)}', now(), '20240102000000_b', null, null), ('3', 'x', null, '20240103000000_c', 'failed', now())`,
    broken: "UPDATE _prisma_migrations SET finished_at = null WHERE id = '2'",
  },
];

/** Every row of every history table but our own, with the table's columns. */
async function foreignTables({ client }: Place): Promise<string> {
  const { rows } = await client.query<{ xml: string }>(`
    SELECT table_schema || '.' || table_name || query_to_xml(format('SELECT xmin, * FROM %I.%I ORDER BY 2', table_schema, table_name), true, false, '')::text AS xml
    FROM information_schema.tables WHERE table_name ~ 'migrations|flyway' AND table_schema IN ('public', 'supabase_migrations') ORDER BY 1`);
  expect(rows.length).toBeGreaterThan(0);
  return rows.map(({ xml }) => xml).join("\n");
}

test.each(foreign)("the history of $tool is adopted and stays as it is", async ({ tool, files, sql, broken }) => {
  await withPlace(files, async (place) => {
    await place.client.query(`${a}${b}; CREATE TABLE IF NOT EXISTS flyway_schema_history_of_old (x int); ${sql}`);
    const before = await foreignTables(place);
    const adopted = await act(place, "adopt", broken === undefined ? {} : { from: tool });
    expect(adopted.data?.counts).toMatchObject({ applied: 2, pending: 1, changed: 0 });
    expect((await act(place, "apply")).data?.appliedNow).toHaveLength(1);
    expect(await foreignTables(place)).toBe(before);
    if (broken === undefined) return;
    await place.client.query(`TRUNCATE platform.migration_history; ${broken}`);
    await expect(act(place, "adopt")).rejects.toMatchObject({ code: "checkFailed", message: expect.stringMatching(new RegExp(`^${tool} did not end version`, "u")) });
  });
});

test("the history of plain postgres-migrations is adopted, with its checksums", async () => {
  await withPlace({ "1_a.sql": a, "2_b.sql": b }, async (place) => {
    await applyPlain(place.url, place.folder);
    const before = await place.client.query("SELECT * FROM migrations");
    await writeFiles(place.folder, { "2_b.sql": "CREATE TABLE b (id text);", "3_c.sql": "CREATE TABLE c (id int);" });
    await expect(act(place, "adopt")).rejects.toMatchObject({ message: "changed since postgres-migrations applied them: 2_b.sql" });
    expect((await act(place, "adopt", { accept: ["2"] })).data?.counts).toMatchObject({ applied: 2, pending: 1 });
    expect((await place.client.query("SELECT * FROM migrations")).rows).toEqual(before.rows);
    const { rows } = await place.client.query<{ same: boolean }>("SELECT h.started_at = date_trunc('milliseconds', m.executed_at) AS same FROM platform.migration_history h JOIN migrations m ON m.id::text = h.version");
    expect(rows.map(({ same }) => same)).toEqual([true, true]);
    expect(await readFile(join(place.folder, "1_a.sql"), "utf8")).toBe(a);
  });
});

test("no history, several and one that names versions without a file are told apart", async () => {
  await withPlace(three, async (place) => {
    await expect(act(place, "adopt")).rejects.toMatchObject({ code: "configuration", message: "there is no history of another tool in this database" });
    await place.client.query("CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (7, false); CREATE TABLE __diesel_schema_migrations (version text, run_on timestamp)");
    await expect(act(place, "adopt")).rejects.toMatchObject({ message: expect.stringMatching(/several histories: diesel \(public\.__diesel_schema_migrations\), golang-migrate/u) });
    await expect(act(place, "adopt", { from: "golang-migrate" })).rejects.toMatchObject({ message: "golang-migrate applied versions that no file has: 7" });
  });
});
