// Needs Postgres, which the testkit starts: the machine's and the embedded one, because version 16 changed what CREATEROLE means.
import { withDatabase } from "@org/postgres";
import { startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshName, init, loginUrl, onDatabase, verdicts, type Place } from "./testing/server.ts";

type Input = Parameters<typeof init>[1];

describe.each([{ embedded: false }, { embedded: true }])("on a server, embedded: $embedded", ({ embedded }) => {
  let server: PrivatePostgres;
  beforeAll(async () => {
    server = await startPrivatePostgres({ embedded });
  });
  afterAll(() => server.stop());

  const asAdmin = (sql: string, database = "postgres") => onDatabase(withDatabase(server.url, database), sql);

  /** An ordinary role that connects, and what an administrator prepared for it. */
  async function withDeployer(prepare: (name: string) => string, run: (place: Place) => Promise<void>): Promise<void> {
    const name = freshName();
    await asAdmin(`create role ${name}_deploy login password 'k7Jq-zW3e'`);
    for (const statement of prepare(name).split(";").filter((each) => each.trim() !== "")) await asAdmin(statement);
    await withTempFolder((stateDir) => run({ serverUrl: loginUrl(server.url, `${name}_deploy`, "k7Jq-zW3e"), name, stateDir }));
  }

  /** Does what the errors ask for until there is none, and tells what that was. */
  async function obey(place: Place, input: Input = {}): Promise<string[]> {
    const asked: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const error = await init(place, input).then(
        () => undefined,
        (thrown: { exitCode: number; hint: string }) => thrown,
      );
      if (error === undefined) return asked;
      expect(error).toMatchObject({ exitCode: 5, hint: expect.stringMatching(/^Let an administrator run, then run this again: /) });
      const sql = error.hint.slice(error.hint.indexOf(": ") + 2);
      asked.push(sql);
      const { rows } = await asAdmin(`select 1 from pg_database where datname = '${place.name}'`);
      await asAdmin(sql, rows.length > 0 ? place.name : "postgres");
    }
    throw new Error(`no end of asking: ${asked.join(" | ")}`);
  }

  async function expectNothingLeft(place: Place, input: Input = {}): Promise<void> {
    const report = await init(place, input);
    expect(report.data?.changes).toEqual([]);
    expect(new Set(Object.values(verdicts(report)))).toEqual(new Set(["pass"]));
    const { rows } = await asAdmin(`select rolsuper or rolbypassrls as mighty from pg_roles where rolname = '${place.name}_deploy'`);
    expect(rows).toEqual([{ mighty: false }]);
  }

  test("a role that may nothing is told the two attributes that it needs, and they suffice", () =>
    withDeployer(
      () => "",
      async (place) => {
        const before = (await asAdmin("select count(*)::int as roles from pg_roles")).rows;
        const asked = await obey(place);
        expect(asked).toEqual([`ALTER ROLE "${place.name}_deploy" CREATEROLE; ALTER ROLE "${place.name}_deploy" CREATEDB;`]);
        expect(before).not.toEqual((await asAdmin("select count(*)::int as roles from pg_roles")).rows);
        await expectNothingLeft(place);
        await onDatabase(withDatabase(place.serverUrl, place.name), "create table by_deployer (id int); create schema another");
      },
    ));

  test("a refused run has made nothing", () =>
    withDeployer(
      (name) => `alter role ${name}_deploy createdb`,
      async (place) => {
        await expect(init(place)).rejects.toMatchObject({ exitCode: 5 });
        expect((await asAdmin(`select rolname as name from pg_roles where rolname like '${place.name}%' union all select datname from pg_database where datname like '${place.name}%'`)).rows).toEqual([
          { name: `${place.name}_deploy` },
        ]);
      },
    ));

  test("a dry run names the missing rights and goes on", () =>
    withDeployer(
      () => "",
      async (place) => {
        const report = await init(place, {}, { dryRun: true });
        expect(report.exitCode).toBe(10);
        expect(report.data?.missingRights).toEqual([`ALTER ROLE "${place.name}_deploy" CREATEROLE;`, `ALTER ROLE "${place.name}_deploy" CREATEDB;`]);
      },
    ));

  test("in a database of somebody else it asks for each grant that it cannot give", () =>
    withDeployer(
      (name) => `create database ${name}; alter role ${name}_deploy createrole`,
      async (place) => {
        await asAdmin("create table old (id int)", place.name);
        const asked = (await obey(place)).join(" ");
        expect(asked).toContain(`GRANT CREATE ON DATABASE "${place.name}" TO "${place.name}_deploy";`);
        expect(asked).not.toMatch(/SUPERUSER|ALTER DATABASE/);
        await expectNothingLeft(place);
      },
    ));

  test("roles that somebody else has made are used, where the session may make their members", () =>
    withDeployer(
      (name) => ["owner", "migrator", "readwrite", "readonly"].map((kind) => `create role ${name}_${kind} login`).join(";") + `; alter role ${name}_owner nologin; alter role ${name}_deploy createdb`,
      async (place) => {
        const asked = await obey(place);
        expect(asked.join(" ")).toContain(embedded ? `GRANT "${place.name}_owner" TO "${place.name}_deploy" WITH ADMIN OPTION;` : `ALTER ROLE "${place.name}_deploy" CREATEROLE;`);
        await expectNothingLeft(place);
      },
    ));

  test("a role that bypasses row level security is made by the administrator", () =>
    withDeployer(
      (name) => `alter role ${name}_deploy createrole createdb`,
      async (place) => {
        const asked = (await obey(place, { supabase: true })).join(" ");
        expect(asked).toContain('CREATE ROLE "service_role" NOLOGIN NOINHERIT BYPASSRLS;');
        await expectNothingLeft(place, { supabase: true });
      },
    ));

  test("a server without the database postgres is entered through template1", () =>
    withDeployer(
      (name) => `alter role ${name}_deploy createrole createdb; revoke connect on database postgres from public`,
      async (place) => {
        try {
          expect((await init(place)).exitCode).toBe(0);
        } finally {
          await asAdmin("grant connect on database postgres to public");
        }
      },
    ));
});
