import { withLoginRole } from "@org/testkit";
import { expect, test } from "vitest";
import { installed, verdicts, withPlace } from "./testing/place.ts";

// These need a Postgres with its contrib extensions.

test("a manifest is brought about, and a second run changes nothing", async () => {
  await withPlace(async ({ client, deploy }) => {
    const config = { extensions: [{ name: "pgcrypto", version: ">=1.3", schema: "extensions" }, { name: "uuid-ossp", schema: 'my "own" schema' }] };
    const first = await deploy(config);
    expect(verdicts(first)).toEqual(["pass extensions.manifest", "pass extension.pgcrypto", "pass extension.uuid-ossp"]);
    expect(first).toMatchObject({ exitCode: 0, data: { action: "deploy", extensions: [{ versionBefore: null, version: "1.3", schema: "extensions" }, { schema: 'my "own" schema' }] } });
    expect(first.data?.statements.every(({ done }) => done)).toBe(true);
    const { rows } = await client.query("SELECT xmin FROM pg_extension UNION ALL SELECT xmin FROM pg_namespace");
    const second = await deploy(config);
    expect(second).toMatchObject({ verdict: "pass", data: { statements: [], extensions: [{ versionBefore: "1.3", version: "1.3" }, {}] } });
    expect((await client.query("SELECT xmin FROM pg_extension UNION ALL SELECT xmin FROM pg_namespace")).rows).toEqual(rows);
  });
});

test("every role may look up what is in the schema that was made", async () => {
  await withPlace(async (place) => {
    await place.deploy({ extensions: [{ name: "citext", schema: "extensions" }] });
    const { rows } = await place.client.query<{ usable: boolean }>("SELECT has_schema_privilege('pg_monitor', 'extensions', 'USAGE') AS usable");
    expect(rows).toEqual([{ usable: true }]);
  });
});

test("an empty manifest is a warning that says what the server has", async () => {
  await withPlace(async ({ deploy }) => {
    const report = await deploy({});
    expect(report).toMatchObject({ verdict: "warn", exitCode: 0, checks: [{ id: "extensions.manifest", evidence: "the manifest is empty; 1 installed in the database" }] });
  });
});

test("old versions are updated as far as the range allows", async () => {
  await withPlace(async ({ client, deploy }) => {
    await client.query("CREATE EXTENSION pg_trgm VERSION '1.3'; CREATE EXTENSION citext VERSION '1.4'; CREATE EXTENSION hstore VERSION '1.4'");
    const extensions = [{ name: "pg_trgm", version: ">=1.4" }, { name: "citext", version: ">=1.4 <1.6" }, { name: "hstore", version: "1.4" }];
    const dry = await deploy({ extensions }, { dryRun: true });
    expect(dry.data?.statements.map(({ sql }) => sql)).toEqual([expect.stringMatching(/"pg_trgm" UPDATE TO '1\.[6-9]'/u), `ALTER EXTENSION "citext" UPDATE TO '1.5';`]);
    expect(await deploy({ extensions })).toMatchObject({ verdict: "pass" });
    expect(await installed(client)).toEqual(["citext 1.5 public", "hstore 1.4 public", expect.stringMatching(/^pg_trgm 1\.[6-9] public$/u)]);
  });
});

test("a version that the server cannot give ends with 2, and nothing is touched", async () => {
  await withPlace(async ({ client, deploy }) => {
    const report = await deploy({ extensions: [{ name: "pgcrypto" }, { name: "citext", version: ">=99" }] });
    expect(report).toMatchObject({ exitCode: 2, checks: [{}, { verdict: "skipped" }, { verdict: "fail", evidence: expect.stringMatching(/not available in version >=99; the server has 1\./u) }] });
    expect(await installed(client)).toEqual([]);
  });
});

test("an extension in the wrong schema is moved where it can be, else the remedy is told", async () => {
  await withPlace(async ({ client, deploy }) => {
    await client.query("CREATE EXTENSION citext; CREATE EXTENSION xml2");
    expect(await deploy({ extensions: [{ name: "citext", schema: "extensions" }] })).toMatchObject({ verdict: "pass" });
    expect(await installed(client)).toContainEqual(expect.stringMatching(/^citext .* extensions$/u));
    const stuck = await deploy({ extensions: [{ name: "xml2", schema: "extensions" }] });
    expect(stuck).toMatchObject({ exitCode: 6, checks: [{}, { verdict: "fail", evidence: expect.stringMatching(/is in schema public, which it cannot leave/u), remedy: expect.stringMatching(/"public" in the manifest.*DROP EXTENSION "xml2"/u) }] });
    const fixed = await deploy({ extensions: [{ name: "adminpack", schema: "extensions" }] });
    expect(fixed).toMatchObject({ exitCode: 3, checks: [{}, { remedy: 'Set its schema to "pg_catalog" in the manifest.' }] });
  });
});

test("what an extension requires is installed before it and beside it", async () => {
  await withPlace(async ({ client, deploy }) => {
    const report = await deploy({ extensions: [{ name: "earthdistance", schema: "geo" }] });
    expect(report.data?.statements.map(({ reason }) => reason)).toContainEqual(expect.stringMatching(/^earthdistance requires it/u));
    expect(await installed(client)).toEqual([expect.stringMatching(/^cube .* geo$/u), expect.stringMatching(/^earthdistance .* geo$/u)]);
  });
});

test("an extension that the server does not have ends with 2 and names its package; an optional one is a warning", async () => {
  await withPlace(async ({ client, deploy }) => {
    const hostile = '"; DROP TABLE pg_class; --';
    const missing = await deploy({ extensions: [{ name: "pgcrypto" }, { name: hostile }, { name: "pg_hint_plan", required: false }] });
    expect(missing).toMatchObject({ exitCode: 2, checks: [{}, { verdict: "skipped" }, { verdict: "fail", code: "dependency" }, { verdict: "warn", remedy: expect.stringMatching(/apt-get install postgresql-\d+-pg-hint-plan/u) }] });
    expect(await installed(client)).toEqual([]);
    expect(await deploy({ extensions: [{ name: "pgcrypto" }, { name: hostile, required: false }] })).toMatchObject({ exitCode: 0, verdict: "warn" });
    expect(await installed(client)).toEqual(["pgcrypto 1.3 public"]);
  });
});

test("a library that is not preloaded ends with 2 and the exact setting", async () => {
  await withPlace(async ({ client, deploy }) => {
    const extensions = [{ name: "pg_stat_statements" }];
    expect(await deploy({ extensions })).toMatchObject({ exitCode: 2, checks: [{}, { remedy: expect.stringMatching(/shared_preload_libraries = 'pg_stat_statements' in postgresql\.conf.*restart/u) }] });
    expect(await installed(client)).toEqual([]);
    expect(await deploy({ extensions: [{ name: "citext", preload: true }] })).toMatchObject({ exitCode: 2 });
    expect(await deploy({ extensions: [{ name: "pg_stat_statements", preload: false }] })).toMatchObject({ exitCode: 0 });
  });
});

test("a role that may not see what is preloaded is told which right it lacks, and then goes on", async () => {
  await withPlace(async (place) => {
    await withLoginRole(place.url, async ({ name, url }) => {
      const refused = await place.deploy({ extensions: [{ name: "pg_stat_statements" }] }, { url });
      expect(refused).toMatchObject({ exitCode: 5, checks: [{}, { verdict: "fail", remedy: `Let an administrator run: GRANT pg_read_all_settings TO "${name}";` }] });
      await place.client.query(`GRANT pg_read_all_settings TO "${name}"`);
      expect(await place.deploy({ extensions: [{ name: "pg_stat_statements" }] }, { url })).toMatchObject({ exitCode: 2 });
    });
  });
});

test("a missing right ends with 5 and the exact statement, which then works", async () => {
  await withPlace(async (place) => {
    await withLoginRole(place.url, async ({ url }) => {
      const config = { extensions: [{ name: "pgcrypto" }, { name: "pg_buffercache", schema: "extensions" }] };
      const first = await place.deploy(config, { url });
      expect(first).toMatchObject({ exitCode: 5, checks: [{}, { verdict: "fail", code: "permission" }, { verdict: "fail", code: "permission" }] });
      const statements = first.checks.slice(1).map(({ remedy = "" }) => remedy.replace("Let an administrator run: ", ""));
      expect(statements[0]).toMatch(/^GRANT CREATE ON DATABASE "scratch_\w+" TO "role_\w+";$/u);
      await place.client.query(statements[0]!);
      const second = await place.deploy(config, { url });
      expect(second).toMatchObject({ exitCode: 5, checks: [{}, { verdict: "skipped" }, { verdict: "fail" }] });
      expect(await installed(place.client)).toEqual([]);
      const create = second.checks[2]!.remedy!.replace("Let an administrator run: ", "");
      expect(create).toMatch(/^CREATE SCHEMA .* CREATE EXTENSION IF NOT EXISTS "pg_buffercache" WITH SCHEMA "extensions";$/u);
      await place.client.query(create);
      expect(await place.deploy(config, { url })).toMatchObject({ exitCode: 0, verdict: "pass" });
    });
  });
});

test("an optional extension that the role may not install is left out, with a warning", async () => {
  await withPlace(async (place) => {
    await withLoginRole(place.url, async ({ name, url }) => {
      await place.client.query(`GRANT CREATE ON DATABASE ${new URL(place.url).pathname.slice(1)} TO ${name}`);
      const config = { extensions: [{ name: "pg_buffercache", required: false }, { name: "pgcrypto" }] };
      expect(await place.deploy(config, { url })).toMatchObject({ exitCode: 0, checks: [{}, { verdict: "warn", remedy: expect.stringMatching(/CREATE EXTENSION/u) }, { verdict: "pass" }] });
      expect(await installed(place.client)).toEqual(["pgcrypto 1.3 public"]);
    });
  });
});

test("a statement of the plan that fails fails the run, also for an optional extension", async () => {
  await withPlace(async ({ client, deploy }) => {
    await client.query(`CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
      CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION no()`);
    const report = await deploy({ extensions: [{ name: "citext", schema: "extensions" }, { name: "pgcrypto", required: false }] });
    expect(report).toMatchObject({ exitCode: 6, checks: [{}, { verdict: "fail", evidence: expect.stringMatching(/^CREATE EXTENSION .*not today \(SQLSTATE P0001\)/u) }, { verdict: "skipped" }] });
    expect(await deploy({ extensions: [{ name: "pgcrypto", required: false }] })).toMatchObject({ exitCode: 6, checks: [{}, { verdict: "fail" }] });
    expect((await client.query("SELECT FROM pg_namespace WHERE nspname = 'extensions'")).rows).toEqual([]);
  });
});

test("only the owner updates: another role gets the statement", async () => {
  await withPlace(async (place) => {
    await place.client.query("CREATE EXTENSION citext VERSION '1.4'");
    await withLoginRole(place.url, async ({ url }) => {
      expect(await place.deploy({ extensions: [{ name: "citext" }] }, { url })).toMatchObject({
        exitCode: 5,
        checks: [{}, { remedy: expect.stringMatching(/^Let an administrator run: ALTER EXTENSION "citext" UPDATE TO '1\.\d+';$/u) }],
      });
    });
  });
});

test("a dry run tells the same in advance and leaves nothing", async () => {
  await withPlace(async (place) => {
    await place.write({ "functions.sql": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'" });
    const config = { extensions: [{ name: "pgcrypto", schema: "extensions" }, { name: "pg_buffercache" }], extensionFiles: ["functions.sql"] };
    const report = await place.deploy(config, { dryRun: true });
    expect(report).toMatchObject({ exitCode: 10, verdict: "pass", data: { action: "dry-run", failure: null, files: [{ file: "functions.sql", done: false }] } });
    await withLoginRole(place.url, async ({ url }) => {
      const lacking = await place.deploy(config, { url, dryRun: true });
      expect(lacking).toMatchObject({ exitCode: 5, checks: [{}, { verdict: "fail", code: "permission" }, { verdict: "warn", remedy: expect.stringMatching(/CREATE EXTENSION/u) }, { verdict: "skipped" }] });
    });
    const { rows } = await place.client.query("SELECT FROM pg_extension WHERE extname <> 'plpgsql' UNION ALL SELECT FROM pg_proc WHERE proname = 'f'");
    expect(rows).toEqual([]);
    expect((await place.client.query("SELECT FROM pg_namespace WHERE nspname = 'extensions'")).rows).toEqual([]);
  });
});

test("two runs at once: one waits for the other, or says who it waited for", async () => {
  await withPlace(async (place) => {
    await place.write({ "slow.sql": "SELECT pg_sleep(0.5)" });
    const config = { extensions: [{ name: "pgcrypto" }], extensionFiles: ["slow.sql"] };
    const both = await Promise.all([place.deploy(config), place.deploy(config)]);
    expect(both.map(({ verdict }) => verdict)).toEqual(["pass", "pass"]);
    const race = await Promise.allSettled([place.deploy(config, { lockTimeout: 1 }), place.deploy(config, { lockTimeout: 1 })]);
    expect(race.filter(({ status }) => status === "rejected")).toMatchObject([{ reason: { code: "timedOut", message: expect.stringMatching(/deploy-extensions.* holds it/u) } }]);
  });
});
