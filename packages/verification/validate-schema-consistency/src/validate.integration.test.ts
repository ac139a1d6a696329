// Needs Postgres: a server of its own, because it looks for what is left behind.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withDatabase } from "@org/postgres";
import { closedPort, runBin, startBin, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateSchemaConsistency } from "./index.ts";
import { execute, onDatabase, setUp, writeMigrations } from "./testing/live-database.ts";
import { asRole, nextName, reportOf, run, scratchDatabases as scratchDatabasesOf, until, verdictOf, withPlace as withPlaceOn, type Place } from "./testing/place.ts";
import { createRoles, roles } from "./testing/rich-schema.ts";
import { driftByHand, smallMigrations } from "./testing/small-schema.ts";

let server: PrivatePostgres;

beforeAll(async () => {
  server = await startPrivatePostgres();
  await execute(server.url, createRoles, "CREATE ROLE drift_migrator LOGIN PASSWORD 'm'", "CREATE ROLE drift_looker LOGIN PASSWORD 'l'");
});

afterAll(() => server.stop());

const withPlace = (work: (place: Place) => Promise<void>, files?: Readonly<Record<string, string>>): Promise<void> => withPlaceOn(server, work, files);
const scratchDatabases = (): Promise<readonly string[]> => scratchDatabasesOf(server);

describe("drift", () => {
  test("a database as its migrations make it passes", async () => {
    await withPlace(async (place) => {
      const result = await run(place);
      expect(result.exitCode, result.stdout + result.stderr).toBe(0);
      expect(reportOf(result).data).toMatchObject({ differences: [], replayed: 2, roles: {} });
      expect(await scratchDatabases()).toEqual([]);
    });
  });

  test("changes by hand are told object by object, with exit code 6", async () => {
    await withPlace(async (place) => {
      await execute(place.url, ...driftByHand);
      const result = await run(place);
      expect(result.exitCode).toBe(6);
      const told = reportOf(result).data?.differences?.map(({ kind, object, property, change }) => [kind, object, property ?? change]);
      expect(told).toEqual([
        ["table", "public.accounts", `grants to ${roles.reader}`],
        ["policy", "public.accounts.accounts_active", "missing"],
        ["trigger", "public.accounts.accounts_keep_name", "state"],
        ["column", "public.accounts.active", "default"],
        ["column", "public.accounts.note", "missing"],
      ]);
      const evidence = reportOf(result).checks.find(({ id }) => id === "drift.columns")?.evidence;
      expect(evidence).toBe("column public.accounts.active: default is false instead of true; column public.accounts.note is missing");
      expect(verdictOf(reportOf(result), "consistency.enabled-triggers")).toBe("warn");
    });
  });

  test("the human report is a tree of objects, then the two sides line by line, in colours only where they are wanted", async () => {
    await withPlace(async (place) => {
      await execute(place.url, ...driftByHand, "CREATE OR REPLACE FUNCTION keep_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n  RETURN NEW; -- \u001b[2J\nEND $$");
      const { stdout } = await runBin("validate-schema-consistency", ["--no-history"], { cwd: place.folder, env: { DATABASE_URL: place.url } });
      expect(stdout).toMatch(/ {2}column public\.accounts\.active\n {4}default {2}\[behaviour\]\n/u);
      expect(stdout.match(/^Since when: it was as expected when the run \S+ ended/gmu)).toHaveLength(1);
      expect(stdout).toContain("  policy public.accounts.accounts_active is missing  [security]\n");
      expect(stdout).toContain("  column public.accounts.active: default\n    - false\n    + true\n");
      expect(stdout).toContain("    -   RETURN NEW; -- \\x1b[2J\n");
      expect(stdout).not.toContain("\u001b");
      const colored = await runBin("validate-schema-consistency", ["--no-history"], { cwd: place.folder, env: { DATABASE_URL: place.url, FORCE_COLOR: "1" } });
      expect(colored.stdout).toContain("\u001b[31m    - false\u001b[39m\n\u001b[32m    + true\u001b[39m\n");
    });
  });

  test("SARIF and JUnit tell each object, and rules that accept nothing are told", async () => {
    await withPlace(async (place) => {
      await execute(place.url, ...driftByHand);
      await writeFile(join(place.folder, "platform.config.json"), JSON.stringify({ schema: { ignore: [{ property: "default", reason: "set by hand" }, { kind: "tabel", reason: "a slip" }] } }));
      const { stdout } = await runBin("validate-schema-consistency", ["--no-history", "--format", "sarif"], { cwd: place.folder, env: { DATABASE_URL: place.url } });
      const results = (JSON.parse(stdout) as { runs: { results: { ruleId: string; level: string; message: { text: string } }[] }[] }).runs[0]!.results;
      expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual(
        expect.arrayContaining([["policy-missing", "error"], ["table-grants", "error"], ["column-missing", "error"], ["trigger-state", "error"], ["drift.ignore-rules", "warning"]]),
      );
      expect(results.map(({ ruleId }) => ruleId)).not.toContain("column-default");
      expect(results.find(({ ruleId }) => ruleId === "drift.ignore-rules")?.message.text).toContain("kind tabel (a slip)");
    });
  });

  test("accepted differences and mild ones do not fail", async () => {
    await withPlace(async (place) => {
      await execute(place.url, "COMMENT ON TABLE accounts IS 'x'", "CREATE TABLE by_hand (id integer PRIMARY KEY)");
      const ignore = [{ kind: "table", name: "public.by_*", reason: "made by the night job" }];
      await writeFile(join(place.folder, "platform.config.json"), JSON.stringify({ schema: { ignore } }));
      const mild = await run(place);
      expect(mild.exitCode, mild.stdout).toBe(0);
      expect(verdictOf(reportOf(mild), "drift.comments")).toBe("warn");
      expect(reportOf(mild).data?.ignored).toMatchObject([{ difference: { object: "public.by_hand" }, reason: "made by the night job" }]);
      expect((await run(place, ["--fail-on", "cosmetic"])).exitCode).toBe(6);
    });
  });

  test("a role that may not create databases leaves the drift unknown and answers the rest", async () => {
    await withPlace(async (place) => {
      await execute(place.url, "GRANT pg_read_all_data TO drift_looker", "ALTER ROLE drift_looker BYPASSRLS");
      const url = asRole(place.url, "drift_looker", "l");
      const result = await run({ ...place, url });
      expect(result.exitCode).toBe(5);
      const report = reportOf(result);
      expect(report.checks.filter(({ id }) => id.startsWith("drift.")).every(({ verdict, code }) => verdict === "unknown" && code === "permission")).toBe(true);
      expect(report.checks[0]?.remedy).toContain("ALTER ROLE drift_looker CREATEDB;");
      expect(report.checks[0]?.remedy).toContain("--shadow-url");
      expect(verdictOf(report, "consistency.primary-keys")).toBe("pass");
      const elsewhere = await run({ ...place, url }, [], { SHADOW_DATABASE_URL: server.url });
      expect(elsewhere.exitCode, elsewhere.stdout).toBe(0);
    });
  });

  test("what another role migrated is no drift of owners, and one other owner is", async () => {
    await execute(server.url, "CREATE DATABASE by_migrator OWNER drift_migrator");
    const url = withDatabase(server.url, "by_migrator");
    await withTempFolder(async (folder) => {
      const directory = await writeMigrations(folder, smallMigrations);
      await setUp(asRole(url, "drift_migrator", "m"), directory);
      const same = await run({ url, folder });
      expect(same.exitCode, same.stdout).toBe(0);
      expect(reportOf(same).data?.roles).toEqual({ postgres: "drift_migrator" });
      await execute(url, `ALTER FUNCTION keep_name() OWNER TO ${roles.other}`);
      expect(reportOf(await run({ url, folder })).data?.differences).toMatchObject([
        { object: "public.keep_name()", property: "owner", expected: "drift_migrator", found: roles.other, severity: "security" },
      ]);
    });
  });

  test("what init-database makes is no drift, in a copy of another name neither", async () => {
    await execute(server.url, "CREATE DATABASE prepared");
    await withTempFolder(async (folder) => {
      const place = { url: withDatabase(server.url, "prepared"), folder, directory: await writeMigrations(folder, smallMigrations) };
      const prepared = await runBin("init-database", ["--no-history"], { cwd: folder, env: { DATABASE_URL: place.url, STATE_DIR: join(folder, "state") } });
      expect(prepared.exitCode, prepared.stdout + prepared.stderr).toBe(0);
      await setUp(place.url, place.directory);
      await execute(server.url, "CREATE DATABASE copied TEMPLATE prepared");
      const copy = { ...place, url: withDatabase(server.url, "copied") };
      for (const database of [place, copy]) expect(reportOf(await run(database)).data?.differences).toEqual([]);
      await execute(copy.url, "REVOKE SELECT ON accounts FROM prepared_readonly", `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO ${roles.other}`);
      const told = reportOf(await run(copy)).data?.differences?.map(({ object, property, severity }) => [object, property, severity]);
      expect(told).toEqual([
        ["public.accounts", "grants to prepared_readonly", "security"],
        ["tables in schema public by postgres", `grants to ${roles.other}`, "security"],
      ]);
    });
  });

  test("a migration that no longer runs leaves the drift unknown and names the file", async () => {
    await withPlace(async (place) => {
      await writeFile(join(place.directory, "2_rights.sql"), "ALTER TABLE accounts ADD COLUMN here text;\nALTER TABLE nowhere ADD COLUMN x text;");
      const result = await run(place);
      expect(result.exitCode).toBe(6);
      expect(reportOf(result).checks[0]).toMatchObject({ verdict: "unknown", evidence: expect.stringContaining("2_rights.sql:2:") as string });
      expect(verdictOf(reportOf(result), "migrations.unchanged")).toBe("fail");
      expect(await scratchDatabases()).toEqual([]);
    });
  });

  test("statements about roles and the live database reach neither of them", async () => {
    const files = {
      "1_cluster.sql": `CREATE ROLE drift_once; ALTER ROLE drift_once CONNECTION LIMIT 5;
        ALTER DATABASE ${nextName()} SET work_mem = '7MB'; GRANT ${roles.reader} TO drift_once; CREATE TABLE t (id int PRIMARY KEY);`,
    };
    await withPlace(async (place) => {
      await execute(server.url, "ALTER ROLE drift_once CONNECTION LIMIT 9");
      const result = await run(place);
      expect(result.exitCode, result.stdout).toBe(0);
      const limit = await onDatabase(server.url, (client) => client.query<{ n: number }>("SELECT rolconnlimit AS n FROM pg_roles WHERE rolname = 'drift_once'"));
      expect(limit.rows[0]?.n).toBe(9);
      await execute(place.url, `ALTER DATABASE ${new URL(place.url).pathname.slice(1)} SET work_mem = '8MB'`);
      expect(reportOf(await run(place)).data?.differences).toMatchObject([{ kind: "setting", object: "work_mem", expected: "7MB", found: "8MB" }]);
    }, files);
  });
});

describe("migrations and files", () => {
  test("pending, missing and unrecorded ones", async () => {
    await withPlace(async (place) => {
      await writeFile(join(place.directory, "3_more.sql"), "CREATE TABLE more (id integer PRIMARY KEY);");
      const pending = await run(place);
      expect(pending.exitCode).toBe(6);
      expect(verdictOf(reportOf(pending), "migrations.applied")).toBe("fail");
      expect(reportOf(pending).data?.differences).toEqual([]);
      await rm(join(place.directory, "3_more.sql"));
      await rm(join(place.directory, "2_rights.sql"));
      expect(verdictOf(reportOf(await run(place)), "migrations.unchanged")).toBe("fail");
      await writeMigrations(place.folder, smallMigrations);
      await execute(place.url, "TRUNCATE platform.migration_history");
      const unrecorded = await run(place);
      expect(unrecorded.exitCode, unrecorded.stdout).toBe(0);
      expect(verdictOf(reportOf(unrecorded), "migrations.applied")).toBe("warn");
    });
  });

  test("without a folder of migrations the comparison is skipped, and says so", async () => {
    await withPlace(async (place) => {
      await rm(place.directory, { recursive: true });
      const result = await run(place);
      expect(result.exitCode, result.stdout).toBe(0);
      expect(verdictOf(reportOf(result), "drift.tables")).toBe("skipped");
      expect(reportOf(result).data?.differences).toBeNull();
    });
  });

  test("a database that was never initialised or migrated ends with 2 and the command to run", async () => {
    await execute(server.url, "CREATE DATABASE bare");
    await withTempFolder(async (folder) => {
      const place = { folder, url: withDatabase(server.url, "bare"), directory: await writeMigrations(folder, smallMigrations) };
      const bare = await run(place);
      expect(bare.exitCode).toBe(2);
      expect(reportOf(bare).error?.hint).toContain("npx @org/init-database");
      await setUp(place.url, place.directory).then(() => execute(place.url, "TRUNCATE platform.migration_history", "DROP TABLE accounts"));
      const unmigrated = await run(place);
      expect(unmigrated.exitCode, unmigrated.stdout).toBe(2);
      expect(unmigrated.stdout).toContain("npx @org/run-migrations");
    });
  });
});

describe("ways to end early", () => {
  test("refused, wrong password, no such database, unknown flag, bad config, dry run", async () => {
    await withPlace(async (place) => {
      const at = (change: (url: URL) => void): Place => {
        const url = new URL(place.url);
        change(url);
        return { ...place, url: url.href };
      };
      const port = await closedPort();
      const codes = await Promise.all([
        run(at((url) => (url.port = String(port)))),
        run(at((url) => (url.password = "wrong"))),
        run(at((url) => (url.pathname = "/nowhere"))),
        run(place, ["--no-such-flag"]),
        run(place, ["--fail-on", "everything"]),
        run(place, ["--dry-run"]),
      ]);
      expect(codes.map(({ exitCode }) => exitCode)).toEqual([4, 4, 2, 3, 3, 10]);
      for (const { stdout, stderr } of codes) expect(stdout + stderr).not.toContain(server.password);
    });
  });

  const sleeping = { "1_sleep.sql": "CREATE TABLE t (id integer PRIMARY KEY);\nSELECT pg_sleep(60);" };

  /** A place whose replay does not end. */
  function withSleepingPlace(work: (place: Place) => Promise<void>): Promise<void> {
    return withPlace(async (place) => {
      await writeMigrations(place.folder, sleeping);
      await work(place);
    }, { "1_sleep.sql": "CREATE TABLE t (id integer PRIMARY KEY);" });
  }

  const isReplaying = async (): Promise<boolean> =>
    onDatabase(server.url, async (client) => {
      const { rows } = await client.query("SELECT FROM pg_stat_activity WHERE datname LIKE 'platform\\_scratch\\_%' AND query LIKE '%pg_sleep(60)%' AND state = 'active'");
      return rows.length > 0;
    });

  test("a timeout ends with 7 and leaves no scratch database", async () => {
    await withSleepingPlace(async (place) => {
      expect((await run(place, ["--timeout", "3s"])).exitCode).toBe(7);
      expect(await scratchDatabases()).toEqual([]);
    });
  });

  test("Ctrl-C ends with 130 and leaves no scratch database", async () => {
    await withSleepingPlace(async (place) => {
      const started = startBin("validate-schema-consistency", ["--no-history"], { cwd: place.folder, env: { DATABASE_URL: place.url } });
      await until(isReplaying);
      started.kill("SIGINT");
      expect((await started.done).exitCode).toBe(130);
      expect(await scratchDatabases()).toEqual([]);
    });
  });

  test("the next run drops what a killed one left, and nothing else", async () => {
    await withSleepingPlace(async (place) => {
      const started = startBin("validate-schema-consistency", ["--no-history"], { cwd: place.folder, env: { DATABASE_URL: place.url } });
      await until(isReplaying);
      const [left] = await scratchDatabases();
      started.kill("SIGKILL");
      await started.done;
      await until(async () =>
        onDatabase(server.url, async (client) => (await client.query("SELECT FROM pg_stat_activity WHERE application_name = $1", [left])).rows.length === 0),
      );
      expect(await scratchDatabases()).toEqual([left]);
      await execute(server.url, "CREATE DATABASE platform_scratch_20250101000000_00000000");
      await writeMigrations(place.folder, { "1_sleep.sql": "CREATE TABLE t (id integer PRIMARY KEY);" });
      const next = await run(place);
      expect(next.exitCode, next.stdout).toBe(0);
      expect(next.stderr).toContain(`Dropped ${left}`);
      expect(next.stderr).toContain("platform_scratch_20250101000000_00000000 looks like");
      expect(await scratchDatabases()).toEqual(["platform_scratch_20250101000000_00000000"]);
    });
  });

  test("an importing caller gets the error of a refused connection", async () => {
    await expect(validateSchemaConsistency({ databaseUrl: `postgres://nobody@127.0.0.1:${await closedPort()}/none` })).rejects.toMatchObject({ code: "connection" });
  });
});
