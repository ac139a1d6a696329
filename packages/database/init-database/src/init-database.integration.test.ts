// Needs Postgres, which the testkit starts.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { quoteIdentifier, withClient, withDatabase } from "@org/postgres";
import { startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { stateMigrations } from "@org/script/history";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCatalogWithoutDatabase } from "./catalog.ts";
import { desiredState } from "./desired.ts";
import { freshName, init, onDatabase, readCredentials, verdicts, type Place } from "./testing/server.ts";
import { verify } from "./verify.ts";

let server: PrivatePostgres;
beforeAll(async () => {
  server = await startPrivatePostgres({ settings: { log_statement: "all" } });
});
afterAll(() => server.stop());

function withPlace(run: (place: Place & { url: string }) => Promise<void>, name = freshName()): Promise<void> {
  return withTempFolder((stateDir) => run({ serverUrl: server.url, name, stateDir, url: withDatabase(server.url, name) }));
}

const stateVersions = stateMigrations("platform").map(({ version }) => ({ version }));

const allPass = {
  "database.exists": "pass",
  "database.encoding": "pass",
  "roles.exist": "pass",
  "roles.least-privilege": "pass",
  "schemas.exist": "pass",
  "schemas.public-create": "pass",
  "privileges.complete": "pass",
  "state.version": "pass",
};

test("from nothing, everything is made; a second run changes nothing and says so", () =>
  withPlace(async (place) => {
    const first = await init(place, { schemas: ["public", "app"] });
    expect(verdicts(first)).toEqual(allPass);
    expect(first.exitCode).toBe(0);
    expect(first.data?.changes.map(({ sql }) => sql)).toContain(`CREATE DATABASE "${place.name}" OWNER "${place.name}_owner"`);
    const log = await readFile(server.logFile, "utf8");
    const second = await init(place, { schemas: ["public", "app"] });
    expect(verdicts(second)).toEqual(allPass);
    expect(second.data).toEqual({ database: place.name, changes: [], leftAlone: [], missingRights: [], credentialsFile: null, stateVersion: stateVersions.length });
    expect((await readFile(server.logFile, "utf8")).slice(log.length)).not.toMatch(/statement: (create|alter|grant|revoke|insert|set role)/i);
  }));

test("the schema public is looked at also where the application does not use it", () =>
  withPlace(async (place) => {
    expect(verdicts(await init(place, { schemas: ["app"] }))).toEqual(allPass);
    await onDatabase(place.url, "grant create on schema public to public");
    expect(verdicts(await init(place, { schemas: ["app"] }))).toEqual({ ...allPass, "schemas.public-create": "warn" });
  }));

test("each role can do its work and no more", () =>
  withPlace(async (place) => {
    const { APP_MIGRATOR_URL: migrator = "", APP_READWRITE_URL: readwrite = "", APP_READONLY_URL: readonly = "" } = await readCredentials(await init(place));
    await onDatabase(migrator, "create table made_by_migrator (id int generated always as identity, note text); create schema later");
    await onDatabase(place.url, "create table made_by_admin (id serial, note text)");
    const { rows } = await onDatabase(place.url, "select tableowner from pg_tables where tablename = 'made_by_migrator'");
    expect(rows).toEqual([{ tableowner: `${place.name}_owner` }]);
    for (const table of ["made_by_migrator", "made_by_admin"]) {
      await onDatabase(readwrite, `insert into ${table} (note) values ('a'); update ${table} set note = 'b'`);
      expect((await onDatabase(readonly, `select note from ${table}`)).rows).toEqual([{ note: "b" }]);
      await expect(onDatabase(readonly, `delete from ${table}`)).rejects.toMatchObject({ code: "42501" });
      await expect(onDatabase(readwrite, `drop table ${table}`)).rejects.toMatchObject({ code: "42501" });
    }
    for (const url of [readwrite, readonly]) {
      await expect(onDatabase(url, "create table mine ()")).rejects.toMatchObject({ code: "42501" });
      await expect(onDatabase(url, "create schema mine")).rejects.toMatchObject({ code: "42501" });
      await expect(onDatabase(url, "create role mine")).rejects.toMatchObject({ code: "42501" });
      await expect(onDatabase(url, "delete from platform.script_execution_log")).rejects.toMatchObject({ code: "42501" });
      await expect(onDatabase(url, "insert into platform.migration_history (version, name, direction, status) values ('1', 'a', 'up', 'running')")).rejects.toMatchObject({ code: "42501" });
      expect((await onDatabase(url, "select version from platform.state_version order by version")).rows).toEqual(stateVersions);
    }
    await onDatabase(migrator, "insert into platform.migration_history (version, name, direction, status) values ('1', 'a', 'up', 'running')");
  }));

test("a run is recorded in the new tables, by every role that logs in", () =>
  withPlace(async (place) => {
    const first = await init(place, {}, { record: true });
    for (const databaseUrl of Object.values(await readCredentials(first))) {
      expect((await init(place, { databaseUrl }, { record: true })).data?.changes).toEqual([]);
    }
    const { rows } = await onDatabase(place.url, "select script, exit_code from platform.script_execution_log");
    expect(rows).toEqual(Array.from({ length: 4 }, () => ({ script: "init-database", exit_code: 0 })));
  }));

test("a dry run shows the SQL and leaves nothing behind", () =>
  withPlace(async (place) => {
    const report = await init(place, {}, { dryRun: true });
    expect(report.exitCode).toBe(10);
    expect(new Set(Object.values(verdicts(report)))).toEqual(new Set(["skipped"]));
    const sql = report.data?.changes.map((change) => change.sql).join(";\n");
    expect(sql).toContain(`CREATE ROLE "${place.name}_migrator" LOGIN INHERIT PASSWORD '<generated>'`);
    expect(sql).toContain('create table "platform".script_execution_log');
    expect(report.data?.credentialsFile).toBe(join(place.stateDir, "credentials", `127.0.0.1-${server.port}-${place.name}.env`));
    await expect(readFile(report.data?.credentialsFile ?? "")).rejects.toMatchObject({ code: "ENOENT" });
    const { rows } = await onDatabase(server.url, `select datname from pg_database where datname like '${place.name}%' union all select rolname from pg_roles where rolname like '${place.name}%'`);
    expect(rows).toEqual([]);
  }));

test("what a dry run shows is what psql would need: run by hand, it leaves nothing to do", () =>
  withPlace(async (place) => {
    const { data } = await init(place, { supabase: false }, { dryRun: true });
    const changes = data?.changes ?? [];
    const split = changes.findIndex(({ sql }) => sql.startsWith("CREATE DATABASE"));
    await withClient({ url: server.url, applicationName: "test" }, async (client) => {
      for (const { sql } of changes.slice(0, split + 1)) await client.query(sql);
    });
    await withClient({ url: place.url, applicationName: "test" }, async (client) => {
      for (const { sql } of changes.slice(split + 1)) await client.query(sql);
      for (const { version } of stateVersions) await client.query("insert into platform.state_version (version, name) values ($1, 'by hand')", [version]);
    });
    expect((await init(place)).data?.changes).toEqual([]);
  }));

test("what is there stays: a database of another owner, its tables, a role and its password", () =>
  withPlace(async (place) => {
    await onDatabase(server.url, `create database ${place.name}`);
    await onDatabase(server.url, `create role ${place.name}_readonly login password 'mine'`);
    await onDatabase(place.url, "create table old (id int); insert into old values (7); grant create on schema public to public");
    const report = await init(place);
    expect(verdicts(report)).toEqual(allPass);
    expect(report.data?.changes.map(({ sql }) => sql)).toContain('REVOKE CREATE ON SCHEMA "public" FROM PUBLIC');
    expect(report.data?.leftAlone).toEqual([
      { object: `database "${place.name}"`, found: 'belongs to "postgres"', remedy: `ALTER DATABASE "${place.name}" OWNER TO "${place.name}_owner";` },
    ]);
    expect(await readCredentials(report)).not.toHaveProperty("APP_READONLY_URL");
    const login = new URL(place.url);
    Object.assign(login, { username: `${place.name}_readonly`, password: "mine" });
    expect((await onDatabase(login.href, "select id from old")).rows).toEqual([{ id: 7 }]);
    // A right that somebody takes from a role later is not given back.
    await onDatabase(place.url, `revoke select on old from ${place.name}_readonly`);
    expect((await init(place)).data?.changes).toEqual([]);
  }));

test("a role with more than it needs is a warning and stays as it is", () =>
  withPlace(async (place) => {
    await init(place);
    const [readwrite, readonly, owner] = ["readwrite", "readonly", "owner"].map((kind) => `${place.name}_${kind}`);
    await onDatabase(server.url, `alter role ${readwrite} superuser; alter role ${owner} login; grant ${owner} to ${readonly}; grant pg_read_all_data to ${readonly}`);
    const report = await init(place);
    expect(verdicts(report)).toEqual({ ...allPass, "roles.least-privilege": "warn" });
    expect(report).toMatchObject({ exitCode: 0, data: { changes: [] } });
    const { evidence, remedy } = report.checks.find(({ id }) => id === "roles.least-privilege") ?? {};
    expect(evidence).toContain(`role "${readwrite}" is a superuser`);
    const statements = [`ALTER ROLE "${readwrite}" NOSUPERUSER;`, `ALTER ROLE "${owner}" NOLOGIN;`, `REVOKE "${owner}" FROM "${readonly}";`, `REVOKE "pg_read_all_data" FROM "${readonly}";`];
    for (const statement of statements) expect(remedy).toContain(statement);
    expect((await onDatabase(server.url, `select rolsuper from pg_roles where rolname = '${readwrite}'`)).rows).toEqual([{ rolsuper: true }]);
    await onDatabase(server.url, statements.join(" "));
    expect(verdicts(await init(place))).toEqual(allPass);
  }));

test("another encoding is a warning, newer state tables too", () =>
  withPlace(async (place) => {
    await onDatabase(server.url, `create database ${place.name} encoding 'SQL_ASCII' locale 'C' template template0`);
    await init(place);
    await onDatabase(place.url, "insert into platform.state_version (version, name) values (99, 'later')");
    expect(verdicts(await init(place))).toEqual({ ...allPass, "database.encoding": "warn", "state.version": "warn" });
  }));

test("what is not there fails every check that asks for it", () =>
  withClient({ url: server.url, applicationName: "test" }, async (client) => {
    const desired = desiredState({ database: freshName(), owner: undefined, rolePrefix: undefined, schemas: ["public", "app"], stateSchema: "platform", supabase: false });
    const catalog = await readCatalogWithoutDatabase(client, desired);
    const open = { ...catalog, database: { ...catalog.database, held: new Set([...catalog.database.held, '["schema",null,null,"public",null,"CREATE"]']) } };
    const found = Object.fromEntries(verify(desired, open).map(({ id, verdict }) => [id, verdict]));
    expect(found).toEqual({ ...Object.fromEntries(Object.keys(allPass).map((id) => [id, "fail"])), "database.encoding": "warn", "roles.least-privilege": "pass" });
  }));

test("with supabase its roles are made, with its rights in the schema public and nowhere else", () =>
  withPlace(async (place) => {
    const report = await init(place, { supabase: true, schemas: ["public", "app"] });
    expect(verdicts(report)).toEqual(allPass);
    const { APP_AUTHENTICATOR_URL: authenticator = "", APP_MIGRATOR_URL: migrator = "" } = await readCredentials(report);
    await onDatabase(migrator, "create table public.open (id int); create table app.closed (id int); create function public.f() returns int language sql as 'select 1'");
    for (const role of ["anon", "authenticated", "service_role"]) await onDatabase(authenticator, `set role ${role}; insert into public.open values (public.f())`);
    await expect(onDatabase(authenticator, "select * from public.open")).rejects.toMatchObject({ code: "42501" });
    await expect(onDatabase(authenticator, "set role anon; select * from app.closed")).rejects.toMatchObject({ code: "42501" });
    await expect(onDatabase(authenticator, "set role service_role; select * from platform.script_execution_log")).rejects.toMatchObject({ code: "42501" });
    const { rows } = await onDatabase(server.url, "select rolname from pg_roles where rolbypassrls and not rolsuper");
    expect(rows).toEqual([{ rolname: "service_role" }]);
    expect((await init(place, { supabase: true, schemas: ["public", "app"] })).data?.changes).toEqual([]);
  }));

test("two runs at once, and two databases with the same roles at once, make each thing once", () =>
  withPlace(async (place) => {
    const other = freshName();
    const runs = [place, place, { ...place, name: other }, { ...place, name: other }];
    const reports = await Promise.all(runs.map((each) => init(each, { rolePrefix: place.name })));
    for (const report of reports) expect(verdicts(report)).toEqual(allPass);
    const created = reports.flatMap((report) => report.data?.changes ?? []).filter(({ sql }) => /^CREATE (ROLE|DATABASE)/.test(sql));
    expect(created).toHaveLength(6);
    const files = new Set(reports.map((report) => report.data?.credentialsFile).filter((file) => typeof file === "string"));
    expect(files.size).toBe(1);
    const maker = reports.find((report) => report.data?.credentialsFile != null);
    for (const url of Object.values(await readCredentials(maker as never))) await onDatabase(url, "select 1");
  }));

test.each(['"; drop table users; --', "two words", "Großer Laden 🛒", "back\\slash'quote", ".."])("the name %s is a name like any other", (odd) =>
  withPlace(
    async (place) => {
      const input = { schemas: ["public", `s ${odd}`], stateSchema: `state ${odd}` };
      const report = await init(place, input);
      expect(verdicts(report)).toEqual(allPass);
      for (const url of Object.values(await readCredentials(report))) expect((await onDatabase(url, "select current_database()")).rows).toEqual([{ current_database: odd }]);
      expect((await init(place, input)).data?.changes).toEqual([]);
      const roles = (await onDatabase<{ rolname: string }>(server.url, "select rolname from pg_roles where rolname not like 'pg\\_%'")).rows.map(({ rolname }) => rolname);
      expect(roles).toContain(`${odd}_readonly`);
      await onDatabase(server.url, `drop database ${quoteIdentifier(odd)}`);
    },
    odd,
  ),
);

test("after a loss of the database the env file stays valid", () =>
  withPlace(async (place) => {
    const before = await readCredentials(await init(place));
    await onDatabase(server.url, `drop database ${place.name}`);
    for (const kind of ["migrator", "readwrite", "readonly", "owner"]) await onDatabase(server.url, `drop role ${place.name}_${kind}`);
    const after = await readCredentials(await init(place));
    expect(after).toEqual(before);
    for (const url of Object.values(after)) await onDatabase(url, "select 1");
  }));

test("an env file with other values is not touched, and nothing is made", () =>
  withPlace(async (place) => {
    const credentialsFile = join(place.stateDir, ".env");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(credentialsFile, "APP_READONLY_URL=postgres://elsewhere/x\n");
    await expect(init(place, { credentialsFile })).rejects.toMatchObject({ exitCode: 3 });
    expect((await onDatabase(server.url, `select 1 from pg_roles where rolname like '${place.name}%'`)).rows).toEqual([]);
  }));

test("without a database in the URL, the one of the config is made", () =>
  withPlace(async (place) => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(place.stateDir, "platform.config.json"), JSON.stringify({ database: { name: place.name, stateSchema: "ops" } }));
    const databaseUrl = server.url.replace(/\/postgres$/, "");
    const report = await init(place, { databaseUrl }, { config: join(place.stateDir, "platform.config.json") });
    expect(report.data?.database).toBe(place.name);
    expect(report.checks.find(({ id }) => id === "state.version")?.evidence).toContain('"ops"');
  }));
