// Needs Postgres, which the testkit starts.
import { withClient } from "@org/postgres";
import { historyLines, withPlace, writeFiles, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { configure, runIn } from "../testing/command.ts";
import type { MigrationStatus } from "../status.ts";
import type { Rehearsal } from "./rehearsal.ts";

const applied = {
  "migrations/1_trips.sql": "CREATE SCHEMA app; CREATE TABLE app.trips (id int PRIMARY KEY, note text); CREATE INDEX trips_note ON app.trips (note); CREATE TABLE app.places (id int PRIMARY KEY);",
};

interface Told {
  readonly exitCode: number | null;
  readonly rehearsal: Rehearsal | null;
  readonly check: { readonly verdict: string; readonly evidence: string } | undefined;
}

async function rehearsed(place: Pick<Place, "url" | "folder">, ...args: string[]): Promise<Told> {
  const { exitCode, stdout } = await runIn(place, "--json", "--fail-on", "never", "--rehearse", ...args);
  const { data, checks } = JSON.parse(stdout) as { data: MigrationStatus; checks: { id: string; verdict: string; evidence: string }[] };
  return { exitCode, rehearsal: data.rehearsal, check: checks.find(({ id }) => id === "migrations.rehearsal") };
}

/** What each statement did, as `text: lock on relation, rewrites, scans`. */
function effects({ files }: Rehearsal): Record<string, readonly string[]> {
  const lines = files.flatMap(({ statements }) => statements.map(({ text, locks, rewrites, scans }) => [text, [...locks.map(({ mode, relation }) => `${mode} ${relation}`), ...rewrites.map((name) => `rewrites ${name}`), ...scans.map((name) => `scans ${name}`)]] as const));
  return Object.fromEntries(lines);
}

async function scratchDatabases(place: Place): Promise<number> {
  const { rows } = await place.client.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'platform_scratch_%' AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = datname)");
  return rows[0]!.n;
}

test("a rehearsal measures the locks, rewrites and scans of every statement, with the sizes of the live tables", async () => {
  const pending = {
    "migrations/2_b.sql": "SET search_path = app;\nALTER TABLE trips ADD COLUMN made uuid DEFAULT gen_random_uuid();\nALTER TABLE trips ALTER note SET NOT NULL;\nCREATE TABLE stops (trip int REFERENCES trips);\nALTER TABLE stops ADD x int;\nCOMMENT ON TABLE places IS 'x';",
    "migrations/3_c.sql": "CREATE INDEX CONCURRENTLY ON app.trips (id, note);\nDROP INDEX CONCURRENTLY app.trips_note;\nVACUUM app.places;",
    "migrations/4_d.sql": "CREATE ROLE nobody_makes_this_role;\nCREATE INDEX ON app.places (id);\nTRUNCATE app.places;",
  };
  await withPlace(applied, async (place) => {
    await configure(place, {});
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    await place.client.query("INSERT INTO app.trips SELECT g, 'x' FROM generate_series(1, 20000) g; ANALYZE app.trips");
    await writeFiles(place.folder, pending);
    const { exitCode, rehearsal, check } = await rehearsed(place, "plan");
    expect(exitCode).toBe(0);
    expect(rehearsal?.failure).toBeNull();
    expect(effects(rehearsal!)).toEqual({
      "SET search_path = app": [],
      "ALTER TABLE trips ADD COLUMN made uuid DEFAULT gen_random_uuid()": ["AccessExclusiveLock app.trips", "rewrites app.trips", "scans app.trips"],
      "ALTER TABLE trips ALTER note SET NOT NULL": ["scans app.trips"],
      "CREATE TABLE stops (trip int REFERENCES trips)": [],
      "ALTER TABLE stops ADD x int": [],
      "COMMENT ON TABLE places IS 'x'": ["ShareUpdateExclusiveLock app.places"],
      "CREATE INDEX CONCURRENTLY ON app.trips (id, note)": expect.arrayContaining(["ShareUpdateExclusiveLock app.trips"]),
      "DROP INDEX CONCURRENTLY app.trips_note": ["ShareUpdateExclusiveLock app.trips"],
      "VACUUM app.places": ["ShareUpdateExclusiveLock app.places"],
      "CREATE ROLE nobody_makes_this_role": [],
      "CREATE INDEX ON app.places (id)": ["ShareLock app.places", "scans app.places"],
      "TRUNCATE app.places": ["AccessExclusiveLock app.places"],
    });
    expect(rehearsal!.files[0]!.statements[1]!.locks).toMatchObject([{ rows: 20_000, bytes: expect.any(Number), blocks: "reads and writes" }]);
    expect(rehearsal!.files[2]!.statements[0]!.isLeftOut).toBe(true);
    expect(check).toMatchObject({ verdict: "warn", evidence: expect.stringMatching(/^3 files run in a scratch copy.*blocks reads and writes of app\.trips \(20\.0 k rows, /u) });
    const human = await runIn(place, "plan", "--rehearse", "--fail-on", "never");
    expect(human.stdout).toMatch(/rehearsed +2_b\.sql[^]*2: ALTER TABLE trips ADD[^]*AccessExclusiveLock on app\.trips \(20\.0 k rows, [\d.]+ kB\): blocks reads and writes\n +rewrites app\.trips/u);
    expect(await historyLines(place.client)).toEqual(["1 applied"]);
    expect((await place.client.query("SELECT FROM pg_roles WHERE rolname = 'nobody_makes_this_role'")).rows).toEqual([]);
    expect(await scratchDatabases(place)).toBe(0);
  });
});

test("a rehearsal that fails names the place and keeps a run from applying anything", async () => {
  await withPlace({ ...applied, "migrations/2_b.sql": "CREATE TABLE b (id int);\nSELECT nosuch;" }, async (place) => {
    await configure(place, {});
    expect(await runIn(place, "--to", "1")).toMatchObject({ exitCode: 0 });
    for (const args of [["plan"], ["--dry-run"], []]) {
      const { exitCode, rehearsal, check } = await rehearsed(place, ...args);
      expect([exitCode, check?.verdict, rehearsal?.failure]).toEqual([6, "fail", expect.objectContaining({ file: "2_b.sql", line: 2, column: 8, sqlState: "42703" })]);
      expect(check?.evidence).toMatch(/^2_b\.sql:2:8 fails in a scratch copy/u);
    }
    expect(await historyLines(place.client)).toEqual(["1 applied"]);
    expect(await scratchDatabases(place)).toBe(0);
    await writeFiles(place.folder, { "migrations/2_b.sql": "CREATE TABLE b (id int)" });
    expect(await rehearsed(place)).toMatchObject({ exitCode: 0, check: { verdict: "pass" } });
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
    expect(await rehearsed(place)).toMatchObject({ exitCode: 0, rehearsal: null, check: undefined });
    expect(await runIn(place, "status", "--rehearse")).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/--rehearse does not go with status/u) });
  });
});

test("without the right to create databases the rehearsal is unknown, with the code of a missing right, and nothing is applied", async () => {
  await withPlace({ ...applied, "migrations/2_b.sql": "SELECT 1" }, async (place) => {
    await configure(place, {});
    const role = `poor_${Math.floor(Math.random() * 1e9)}`;
    await place.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p00r-role'; GRANT USAGE ON SCHEMA platform TO ${role}; GRANT SELECT, INSERT, UPDATE ON platform.migration_history TO ${role}`);
    try {
      const url = new URL(place.url);
      [url.username, url.password] = [role, "p00r-role"];
      const poor = { ...place, url: url.href };
      for (const args of [["plan"], []]) {
        expect(await rehearsed(poor, ...args)).toMatchObject({ exitCode: 5, rehearsal: null, check: { verdict: "unknown", evidence: expect.stringMatching(/there was no rehearsal/u) } });
      }
      expect(await historyLines(place.client)).toEqual([]);
    } finally {
      await withClient({ url: place.url, applicationName: "test" }, (client) => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    }
  });
});
