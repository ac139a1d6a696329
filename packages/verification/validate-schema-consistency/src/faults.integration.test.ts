// Needs Postgres: a server of its own, because it looks for what is left behind.
import { withDatabase, type PostgresClient } from "@org/postgres";
import { readCatalogs, toSnapshot } from "@org/postgres/schema";
import { startBin, startPrivatePostgres, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute, onDatabase, writeMigrations } from "./testing/live-database.ts";
import { reportOf, run, scratchDatabases, until, withPlace, type Place } from "./testing/place.ts";
import { createRoles } from "./testing/rich-schema.ts";

let server: PrivatePostgres;

beforeAll(async () => {
  server = await startPrivatePostgres();
  await execute(server.url, createRoles);
});

afterAll(() => server.stop());

async function count(condition: string): Promise<number> {
  return onDatabase(server.url, async (client) => (await client.query(`SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ${condition}`)).rows.length);
}

/** Neither a scratch database nor a session of the script, so no transaction either. */
async function expectNothingLeft(): Promise<void> {
  await until(async () => (await count("application_name IN ('validate-schema-consistency') OR application_name LIKE 'platform\\_scratch\\_%'")) === 0);
  expect(await scratchDatabases(server)).toEqual([]);
}

/** A place whose replay sleeps, and the started command, once it does. */
function whileReplaying(work: (place: Place, started: ReturnType<typeof startBin>) => Promise<void>): Promise<void> {
  return withPlace(server, async (place) => {
    await writeMigrations(place.folder, { "1_sleep.sql": "CREATE TABLE t (id integer PRIMARY KEY);\nSELECT pg_sleep(60);" });
    const started = startBin("validate-schema-consistency", ["--json", "--no-history"], { cwd: place.folder, env: { DATABASE_URL: place.url } });
    await until(async () => (await count("datname LIKE 'platform\\_scratch\\_%' AND query LIKE '%pg_sleep(60)%' AND state = 'active'")) > 0);
    await work(place, started);
  }, { "1_sleep.sql": "CREATE TABLE t (id integer PRIMARY KEY);" });
}

const terminate = (condition: string): Promise<void> => execute(server.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ${condition}`);

describe("a connection that is lost in the middle", () => {
  test("to the live database ends with 4 and leaves nothing", async () => {
    await whileReplaying(async ({ url }, started) => {
      await terminate(`datname = '${new URL(url).pathname.slice(1)}' AND application_name = 'validate-schema-consistency'`);
      expect((await started.done).exitCode).toBe(4);
      await expectNothingLeft();
    });
  });

  test.each([
    ["to the scratch database", "datname LIKE 'platform\\_scratch\\_%'"],
    ["that made the scratch database", "application_name LIKE 'platform\\_scratch\\_%'"],
    ["to the server of the scratch database", "datname LIKE 'platform\\_scratch\\_%' OR application_name LIKE 'platform\\_scratch\\_%'"],
  ])("%s ends with 4 and leaves nothing", async (_, sessions) => {
    await whileReplaying(async (place, started) => {
      await terminate(`(${sessions})`);
      const { exitCode, stdout } = await started.done;
      expect(exitCode, stdout).toBe(4);
      await expectNothingLeft();
    });
  });
});

test("Ctrl-C and SIGTERM close every session", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    await whileReplaying(async (_, started) => {
      started.kill(signal);
      expect((await started.done).exitCode).toBe(code);
      await expectNothingLeft();
    });
  }
});

test("a database that is changed while it is read is told as it was at one moment", async () => {
  await withPlace(server, async ({ url }) => {
    const before = await onDatabase(url, async (client) => toSnapshot(await readCatalogs(client, { stateSchema: "platform" })));
    const during = await onDatabase(url, async (client) => {
      let changed = false;
      const changing: PostgresClient = {
        query: async (text, values) => {
          if (!changed && text.includes("WITH ns AS")) {
            changed = true;
            await execute(url, "CREATE TABLE later (id int)", "ALTER TABLE accounts ADD late text, ALTER active SET DEFAULT false");
          }
          return client.query(text, values);
        },
      };
      const read = toSnapshot(await readCatalogs(changing, { stateSchema: "platform" }));
      expect(changed).toBe(true);
      return read;
    });
    const names = (facts: typeof before.facts): string[] => facts.map(({ kind, name }) => `${kind} ${name}`).sort();
    expect(names(during.facts)).toEqual(names(before.facts));
  });
});

test("hostile names are told as they are, and nothing of them runs", async () => {
  const names = ['"; DROP TABLE accounts; --', "line\nbreak", "ünïcødé 表 🐘", "n".repeat(63), "a.b", "'; SELECT pg_sleep(99); --", "$$", "\\"];
  const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
  await withPlace(server, async (place) => {
    await execute(place.url, ...quoted.map((name) => `CREATE TABLE ${name} (id bigint PRIMARY KEY, ${name} text, other_id text)`));
    const result = await run(place);
    expect(result.exitCode, result.stderr).toBe(6);
    const { data, checks } = reportOf(result);
    const told = data!.differences!.map(({ object }) => object).sort();
    expect(told).toEqual(names.map((name, at) => `public.${/^[a-z_]+$/u.test(name) ? name : quoted[at]}`).sort());
    expect(checks.filter(({ id, verdict }) => id.startsWith("consistency.") && verdict === "unknown")).toEqual([]);
    await onDatabase(place.url, async (client) => expect((await client.query("SELECT FROM accounts")).rows).toEqual([]));
    await expectNothingLeft();
  });
});

test("a role that sees nothing of the tables gets unknown, never a pass, where it would have to look", async () => {
  await withPlace(server, async (place) => {
    await execute(place.url, "CREATE ROLE faults_looker LOGIN PASSWORD 'l'", "GRANT USAGE ON SCHEMA platform TO faults_looker", "GRANT SELECT ON platform.migration_history TO faults_looker",
      "REVOKE USAGE ON SCHEMA public FROM PUBLIC", "CREATE TABLE hidden (id bigserial PRIMARY KEY, order_id text)");
    const result = await run({ ...place, url: Object.assign(new URL(place.url), { username: "faults_looker", password: "l" }).href }, [], { SHADOW_DATABASE_URL: withDatabase(server.url, "postgres") });
    expect(result.exitCode).toBe(5);
    const verdicts = Object.fromEntries(reportOf(result).checks.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toMatchObject({ "consistency.sequences": "unknown", "consistency.sequence-positions": "unknown", "consistency.id-columns": "unknown", "consistency.compiles": "unknown", "drift.tables": "fail" });
  });
});
