// Needs Postgres 15, and Debian's packages of plpgsql_check and pg_cron.
import { silentLogger } from "@org/logging";
import { withDatabase } from "@org/postgres";
import { compareSnapshots, readCatalogs, toSnapshot, type Snapshot } from "@org/postgres/schema";
import { startPrivatePostgres, withScratchDatabase, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consistencyChecks } from "./consistency/checks.ts";
import { debianExtension } from "./testing/debian-extension.ts";
import { execute, onDatabase } from "./testing/live-database.ts";

describe("plpgsql_check", () => {
  const compiles = consistencyChecks({ stateSchema: "platform" }).find(({ id }) => id === "consistency.compiles")!;
  const sql = `
    CREATE SCHEMA app; CREATE TABLE app.t (id int, note text);
    CREATE FUNCTION app.good() RETURNS int LANGUAGE plpgsql AS 'DECLARE n int; BEGIN SELECT id INTO n FROM app.t; RETURN n; END';
    CREATE FUNCTION app.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := upper(NEW.note); RETURN NEW; END';
    CREATE TRIGGER keep BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.keep();`;
  const broken = "CREATE FUNCTION app.bad() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT nope FROM app.t); END'; ALTER TABLE app.t RENAME note TO remark;";

  test("looks names inside PL/pgSQL up, also those of the row of a trigger", async () => {
    const { statements } = await debianExtension("plpgsql_check");
    const judge = (url: string): ReturnType<typeof compiles.run> =>
      onDatabase(url, async (client) => {
        await client.query("SET default_transaction_read_only = on");
        return compiles.run({ client }, { logger: silentLogger, signal: new AbortController().signal });
      });
    await withScratchDatabase(async (url) => {
      await execute(url, "LOAD 'plpgsql'", ...statements, sql);
      expect(await judge(url)).toMatchObject({ verdict: "pass", evidence: expect.stringContaining("PL/pgSQL with plpgsql_check") as string });
      await execute(url, broken);
      expect(await judge(url)).toMatchObject({
        verdict: "fail",
        evidence: 'app.bad(): column "nope" does not exist; app.keep(): record "new" has no field "note"',
        occurrences: [{ object: "app.bad()" }, { object: "app.keep()" }],
      });
    });
  });
});

describe("pg_cron", () => {
  let server: PrivatePostgres;

  beforeAll(async () => {
    const { library, statements } = await debianExtension("pg_cron");
    server = await startPrivatePostgres({ settings: { shared_preload_libraries: library, "cron.database_name": "postgres" } });
    await execute(server.url, ...statements);
    await execute(server.url, "CREATE ROLE cron_reader LOGIN PASSWORD 'c'", "GRANT USAGE ON SCHEMA cron TO cron_reader");
    await execute(server.url, "INSERT INTO cron.job (schedule, command, jobname) VALUES ('5 4 * * *', 'VACUUM', 'nightly'), ('* * * * *', 'SELECT 1', NULL)");
  });

  afterAll(() => server.stop());

  const read = (url = server.url): Promise<Snapshot> => onDatabase(url, async (client) => toSnapshot(await readCatalogs(client, { stateSchema: "platform" })));
  const jobs = ({ facts }: Snapshot): unknown => Object.fromEntries(facts.filter(({ kind }) => kind === "cron job").map(({ name, properties }) => [name, properties]));

  test("its jobs are told, each difference of one too", async () => {
    const before = await read();
    expect(jobs(before)).toEqual({
      "nightly of postgres": { schedule: "5 4 * * *", command: "VACUUM", active: "true" },
      "SELECT 1 of postgres": { schedule: "* * * * *", command: "SELECT 1", active: "true" },
    });
    const told = async (sql: string): Promise<unknown> => {
      await execute(server.url, sql);
      return compareSnapshots(before, await read()).differences.map(({ object, property, change }) => `${object} ${property ?? change}`);
    };
    expect(await told("UPDATE cron.job SET schedule = '6 4 * * *' WHERE jobname = 'nightly'")).toEqual(["nightly of postgres schedule"]);
    expect(await told("UPDATE cron.job SET schedule = '5 4 * * *', active = false WHERE jobname = 'nightly'")).toEqual(["nightly of postgres active"]);
    expect(await told("UPDATE cron.job SET active = true WHERE jobname = 'nightly'")).toEqual([]);
    expect(await told("DELETE FROM cron.job WHERE jobname IS NULL")).toEqual(["SELECT 1 of postgres missing"]);
  });

  test("who sees his own jobs only does not know of the others", async () => {
    const url = Object.assign(new URL(withDatabase(server.url, "postgres")), { username: "cron_reader", password: "c" }).href;
    const { unread, facts } = await read(url);
    expect(unread.filter(({ kind }) => kind === "cron job")).toMatchObject([{ object: null, property: null }]);
    expect(facts.filter(({ kind }) => kind === "cron job")).toEqual([]);
  });
});
