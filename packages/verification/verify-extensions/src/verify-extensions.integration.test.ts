import { withClient } from "@org/postgres";
import type { PlatformConfig, Report } from "@org/script";
import { startPrivatePostgres, withLoginRole } from "@org/testkit";
import { expect, test } from "vitest";
import { withPlace, type Place } from "./testing/place.ts";

// These need a Postgres with its contrib extensions.

type Check = Report["checks"][number];

async function check(place: Place, id: string, config: PlatformConfig, url?: string): Promise<Check> {
  const found = (await place.verify(config, url)).checks.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}

test("everything as the manifest wants it", async () => {
  await withPlace(async ({ client, verify }) => {
    await client.query("CREATE SCHEMA extensions; CREATE EXTENSION pgcrypto SCHEMA extensions; CREATE EXTENSION earthdistance CASCADE");
    const report = await verify({ extensions: [{ name: "pgcrypto", version: ">=1.3", schema: "extensions" }, { name: "earthdistance" }] });
    expect(report.checks.map(({ id, verdict }) => `${verdict} ${id}`)).toEqual([
      "pass extensions.manifest",
      "pass extension.pgcrypto",
      "pass extension.earthdistance",
      "pass extensions.usable",
      "pass extensions.unlisted",
      "skipped extensions.cron-jobs",
    ]);
    expect(report).toMatchObject({ verdict: "pass", exitCode: 0 });
    expect(report.checks[1]).toMatchObject({ value: "1.3", threshold: { value: ">=1.3", source: "config" } });
    expect(report.data?.installed).toContainEqual({ name: "pgcrypto", version: "1.3", available: "1.3", schema: "extensions", listed: true });
  });
});

test("an empty manifest is a warning that says what the database has", async () => {
  await withPlace(async (place) => {
    expect(await place.verify({})).toMatchObject({ verdict: "warn", exitCode: 0, checks: [{ verdict: "warn", evidence: "the manifest is empty; 1 installed in the database" }, { verdict: "skipped" }, { verdict: "skipped" }, {}] });
  });
});

test("a missing extension fails, an optional one warns, one that the server lacks ends with 2", async () => {
  await withPlace(async (place) => {
    const extensions = [{ name: "pgcrypto" }, { name: "citext", required: false }];
    expect(await place.verify({ extensions })).toMatchObject({
      exitCode: 6,
      checks: [{}, { verdict: "fail", evidence: "is not installed; the server has 1.3", remedy: "Run npx @org/deploy-extensions." }, { verdict: "warn" }, { verdict: "skipped" }, {}, {}],
    });
    expect(await place.verify({ extensions: [{ name: 'no"; such' }] })).toMatchObject({ exitCode: 2, checks: [{}, { verdict: "fail", code: "dependency" }, {}, {}, {}] });
  });
});

test("a version below or above the range fails, a newer one on the server warns", async () => {
  await withPlace(async (place) => {
    await place.client.query("CREATE EXTENSION citext VERSION '1.4'");
    const of = (version: string): Promise<Check> => check(place, "extension.citext", { extensions: [{ name: "citext", version }] });
    expect(await of(">=1.5")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/^is version 1\.4; the manifest wants >=1\.5, and 1\.\d+ is available$/u) });
    expect(await of("<1.4")).toMatchObject({ verdict: "fail", code: "dependency" });
    expect(await of(">=1.4")).toMatchObject({ verdict: "warn", evidence: expect.stringMatching(/^is version 1\.4; the server has 1\.\d+$/u), remedy: "Run npx @org/deploy-extensions." });
    expect(await of("1.4")).toMatchObject({ verdict: "pass" });
  });
});

test("the wrong schema fails, with the remedy that Postgres allows", async () => {
  await withPlace(async (place) => {
    await place.client.query("CREATE EXTENSION citext; CREATE EXTENSION xml2");
    const of = (name: string, schema: string): Promise<Check> => check(place, `extension.${name}`, { extensions: [{ name, schema }] });
    expect(await of("citext", "extensions")).toMatchObject({ verdict: "fail", evidence: "is in schema public; the manifest wants extensions", remedy: "Run npx @org/deploy-extensions." });
    expect(await of("xml2", "extensions")).toMatchObject({ verdict: "fail", remedy: expect.stringMatching(/DROP EXTENSION/u) });
    expect(await of("citext", "public")).toMatchObject({ verdict: "pass" });
  });
});

test("a library that is not preloaded ends with 2; a role that may not know that gets unknown and the grant, which then works", async () => {
  await withPlace(async (place) => {
    await place.client.query("CREATE EXTENSION pg_stat_statements");
    const config = { extensions: [{ name: "pg_stat_statements" }] };
    expect(await place.verify(config)).toMatchObject({ exitCode: 2, checks: [{}, { verdict: "fail", remedy: expect.stringMatching(/shared_preload_libraries = 'pg_stat_statements'/u) }, {}, {}, {}] });
    await withLoginRole(place.url, async ({ url }) => {
      const report = await place.verify(config, url);
      expect(report).toMatchObject({ exitCode: 5, checks: [{}, { verdict: "unknown", code: "permission" }, {}, {}, {}] });
      await place.client.query(report.checks[1]!.remedy!.replace("Let an administrator run: ", ""));
      expect(await place.verify(config, url)).toMatchObject({ exitCode: 2 });
    });
  });
});

test("a preloaded library passes, also for a role that may not read the setting", async () => {
  const server = await startPrivatePostgres({ settings: { shared_preload_libraries: "pg_stat_statements" } });
  try {
    await withPlace(async (place) => {
      const config = { extensions: [{ name: "pg_stat_statements" }] };
      expect(await check(place, "extension.pg_stat_statements", config, server.url)).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/^is not installed; the server has/u) });
      await withClient({ url: server.url, applicationName: "test" }, async (client) => {
        await client.query("CREATE EXTENSION pg_stat_statements");
        await withLoginRole(server.url, async ({ url }) => {
          expect(await check(place, "extension.pg_stat_statements", config, url)).toMatchObject({ verdict: "pass" });
        });
      });
    });
  } finally {
    await server.stop();
  }
});

test("a schema that the role may not use is a warning with the grant, which then works", async () => {
  await withPlace(async (place) => {
    await place.client.query('CREATE SCHEMA "my ext"; CREATE EXTENSION citext SCHEMA "my ext"');
    const config = { extensions: [{ name: "citext" }] };
    await withLoginRole(place.url, async ({ name, url }) => {
      const finding = await check(place, "extensions.usable", config, url);
      expect(finding).toMatchObject({ verdict: "warn", remedy: `Let an administrator run: GRANT USAGE ON SCHEMA "my ext" TO "${name}";` });
      await place.client.query(finding.remedy!.replace("Let an administrator run: ", ""));
      expect(await check(place, "extensions.usable", config, url)).toMatchObject({ verdict: "pass" });
    });
  });
});

test("what is installed and not listed is a warning", async () => {
  await withPlace(async (place) => {
    await place.client.query("CREATE EXTENSION citext; CREATE EXTENSION hstore VERSION '1.4'");
    expect(await check(place, "extensions.unlisted", { extensions: [{ name: "citext" }] })).toMatchObject({ verdict: "warn", evidence: "installed and not in the manifest: hstore 1.4", value: 1 });
  });
});

/** The tables of pg_cron as its clients see them; the extension itself needs a server of its own. */
const cronTables = `
  CREATE SCHEMA cron;
  CREATE TABLE cron.job (jobid bigint PRIMARY KEY, schedule text, command text, active boolean, jobname text);
  CREATE TABLE cron.job_run_details (jobid bigint, runid bigint, status text, return_message text, end_time timestamptz);
  INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (987654, 'pg_cron', 10, 'cron'::regnamespace, false, '1.6');
  INSERT INTO cron.job VALUES (1, '* * * * *', 'VACUUM', true, 'nightly'), (2, '* * * * *', 'SELECT 1', true, NULL)`;

test("jobs of pg_cron: a last run that failed fails, an inactive job warns, running and good ones pass", async () => {
  await withPlace(async (place) => {
    await place.client.query(cronTables);
    const jobs = (): Promise<Check> => check(place, "extensions.cron-jobs", {});
    expect(await jobs()).toMatchObject({ verdict: "pass", evidence: expect.stringMatching(/2 active jobs.*2 have not run yet/u) });
    await place.client.query("INSERT INTO cron.job_run_details VALUES (2, 1, 'succeeded', '1 row', now()), (2, 2, 'failed', 'ERROR: no such table', '2026-01-01 00:00Z'), (2, 3, 'running', NULL, NULL)");
    expect(await jobs()).toMatchObject({ verdict: "fail", evidence: "the last run of 1 of 2 active jobs failed: job 2 (2026-01-01T00:00:00.000Z: ERROR: no such table)", value: 1 });
    await place.client.query("INSERT INTO cron.job_run_details VALUES (2, 4, 'succeeded', '1 row', now())");
    expect(await jobs()).toMatchObject({ verdict: "pass" });
    await place.client.query("UPDATE cron.job SET active = false WHERE jobid = 1");
    expect(await jobs()).toMatchObject({ verdict: "warn", value: 1 });
    await place.client.query("ALTER TABLE cron.job_run_details RENAME TO gone");
    expect(await jobs()).toMatchObject({ verdict: "skipped", evidence: expect.stringMatching(/cron\.job_run_details does not exist/u) });
  });
});

test("jobs that the role may not see are unknown, with the grant, which then works", async () => {
  await withPlace(async (place) => {
    await place.client.query(cronTables);
    await withLoginRole(place.url, async ({ url }) => {
      const finding = await check(place, "extensions.cron-jobs", {}, url);
      expect(finding).toMatchObject({ verdict: "unknown", code: "permission" });
      await place.client.query(finding.remedy!.replace("Let an administrator run: ", ""));
      expect(await check(place, "extensions.cron-jobs", {}, url)).toMatchObject({ verdict: "pass" });
    });
  });
});
