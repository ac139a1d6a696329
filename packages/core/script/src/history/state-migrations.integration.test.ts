// Needs Postgres, which the testkit starts.
import { withClient, type PostgresClient } from "@org/postgres";
import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { applyStateMigrations, planStateMigrations, readStateVersion } from "./state-migrations.ts";
import { stateMigrations } from "./state-schema.ts";

const newest = stateMigrations("any").length;

function withScratchClient(work: (client: PostgresClient, url: string) => Promise<void>): Promise<void> {
  return withScratchDatabase((url) => withClient({ url, applicationName: "test" }, (client) => work(client, url)));
}

test("versions are 1, 2, 3 and so on", () => {
  expect(stateMigrations("any").map(({ version }) => version)).toEqual(Array.from({ length: newest }, (_, index) => index + 1));
});

test.each(["platform", 'Odd "name"; drop schema public; --', "スキーマ"])("the state tables are made once in the schema %s", (schema) =>
  withScratchClient(async (client) => {
    expect(await readStateVersion(client, schema)).toBeNull();
    expect(await planStateMigrations(client, schema)).toHaveLength(newest);
    expect(await applyStateMigrations(client, schema)).toHaveLength(newest);
    expect(await readStateVersion(client, schema)).toBe(newest);
    expect(await planStateMigrations(client, schema)).toEqual([]);
    expect(await applyStateMigrations(client, schema)).toEqual([]);
    const { rows } = await client.query("select tablename from pg_tables where schemaname = $1 order by 1", [schema]);
    expect(rows.map(({ tablename }) => tablename)).toEqual(["health_check_results", "migration_history", "schema_snapshots", "script_execution_log", "state_version"]);
  }),
);

test("processes that apply at once apply each step once", () =>
  withScratchClient(async (_, url) => {
    const apply = () => withClient({ url, applicationName: "test" }, (client) => applyStateMigrations(client, "platform"));
    const applied = await Promise.all([apply(), apply(), apply(), apply()]);
    expect(applied.flat().map(({ version }) => version)).toEqual(stateMigrations("any").map(({ version }) => version));
  }));

test("a step that fails leaves nothing behind", () =>
  withScratchClient(async (client) => {
    await client.query("create schema platform; create table platform.migration_history ()");
    await expect(applyStateMigrations(client, "platform")).rejects.toThrow('relation "migration_history" already exists');
    expect(await readStateVersion(client, "platform")).toBeNull();
  }));

test("tables of a newer release are left as they are", () =>
  withScratchClient(async (client) => {
    await applyStateMigrations(client, "platform");
    await client.query("insert into platform.state_version (version, name) values (99, 'later')");
    expect(await readStateVersion(client, "platform")).toBe(99);
    expect(await applyStateMigrations(client, "platform")).toEqual([]);
  }));

test("every table and every enumeration is described", () =>
  withScratchClient(async (client) => {
    await applyStateMigrations(client, "platform");
    const { rows } = await client.query(
      "select c.relname from pg_class c where c.relnamespace = 'platform'::regnamespace and c.relkind = 'r' and obj_description(c.oid) is null",
    );
    expect(rows).toEqual([]);
    const migration = "insert into platform.migration_history (version, name, direction, status) values ('1', 'a', $1, $2)";
    await expect(client.query(migration, ["sideways", "running"])).rejects.toMatchObject({ code: "23514" });
    await expect(client.query(migration, ["up", "perhaps"])).rejects.toMatchObject({ code: "23514" });
    await expect(client.query(migration, ["up", "applied"])).rejects.toMatchObject({ code: "23514" });
    await client.query(migration, ["up", "running"]);
  }));
