// Needs Postgres, which the testkit starts.
import { pgDump, withPlace, type Files, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { apply, back } from "./testing/place.ts";

const good: Files = {
  "1_a.up.sql": "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE INDEX a_v ON a (v)",
  "1_a.down.sql": "DROP TABLE a",
  "2_b.up.sql": "CREATE TYPE mood AS ENUM ('x'); ALTER TABLE a ADD m mood; GRANT SELECT ON a TO PUBLIC",
  "2_b.down.sql": "REVOKE SELECT ON a FROM PUBLIC; ALTER TABLE a DROP m; DROP TYPE mood",
  "3_c.up.sql": "CREATE INDEX CONCURRENTLY a_id ON a (id)",
  "3_c.down.sql": "DROP INDEX CONCURRENTLY a_id",
};

const outcomes = ({ data }: Awaited<ReturnType<typeof back>>): string[] => data.roundTrips!.map(({ version, outcome }) => `${version} ${outcome}`);

async function everything({ client, url }: Place): Promise<unknown> {
  const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'platform_scratch_%' ORDER BY 1");
  return [rows, await pgDump(url, ["--restrict-key=x"])];
}

test("ways back that give back the schema are proved, whether applied or not, and the database stays as it is", async () => {
  await withPlace(good, async (place) => {
    const before = await everything(place);
    const { exitCode, data, checks } = await back(place, { verify: true });
    expect([exitCode, data.action, data.counts.pending]).toEqual([0, "verify", 3]);
    expect(checks).toEqual({ verified: "pass: 3 of 3 give back the schema from before" });
    expect(await everything(place)).toEqual(before);
    expect(outcomes(await back(place, { verify: true, steps: 1 }))).toEqual(["3 same"]);
    expect(outcomes(await back(place, { verify: true, to: "1" }))).toEqual(["2 same", "3 same"]);
    await apply(place, { to: "2" });
    expect(outcomes(await back(place, { verify: true, lastRun: true }))).toEqual(["1 same", "2 same"]);
  });
});

test("every object that differs is named, and what comes after it is proved all the same", async () => {
  const files = { ...good, "2_b.down.sql": "ALTER TABLE a DROP m; ALTER TABLE a ALTER v SET NOT NULL" };
  await withPlace(files, async (place) => {
    const { exitCode, data, checks } = await back(place, { verify: true });
    expect(exitCode).toBe(6);
    expect(outcomes({ exitCode, data, checks })).toEqual(["1 same", "2 differs", "3 same"]);
    const named = data.roundTrips![1]!.differences.map(({ kind, object, change }) => `${kind} ${object} ${change}`);
    expect(named).toEqual(expect.arrayContaining(["type public.mood extra", "column public.a.v changed", "table public.a changed"]));
    expect(checks["verified"]).toMatch(/^fail: 1 of 3 do not: 2_b\.down\.sql leaves a difference: .*type public\.mood \(extra\)/u);
  });
});

test.each<[string, Files, string, RegExp]>([
  ["does not run", { "2_x.up.sql": "ALTER TABLE a ADD w int; CREATE INDEX w ON a (w)", "2_x.down.sql": "ALTER TABLE a DROP w;\nDROP INDEX w" }, "2 failed", /2_x\.down\.sql does not run: 2_x\.down\.sql:2:1: index "w" does not exist/u],
  ["stops outside a transaction", { "2_x.up.sql": "CREATE TABLE x (id int)", "2_x.down.sql": "-- no-transaction\nDROP TABLE x;\nSELECT 1 / 0" }, "2 failed", /division by zero/u],
  ["leaves rows behind", { "2_x.up.sql": "INSERT INTO a VALUES (1)", "2_x.down.sql": "SELECT 1" }, "2 not-again", /2_x\.up\.sql cannot be applied again after its way back: .*duplicate key/u],
  ["is not there", { "2_x.up.sql": "CREATE TABLE x (id int)" }, "2 no-way-back", /2_x\.up\.sql has no way back/u],
])("a way back that %s is told", async (_, files, outcome, evidence) => {
  const { "1_a.up.sql": up, "1_a.down.sql": down } = good;
  await withPlace({ "1_a.up.sql": up!, "1_a.down.sql": down!, ...files, "3_z.up.sql": "CREATE TABLE z (id int)", "3_z.down.sql": "DROP TABLE z" }, async (place) => {
    const verified = await back(place, { verify: true });
    expect([verified.exitCode, outcomes(verified)]).toEqual([6, ["1 same", outcome, "3 same"]]);
    expect(verified.checks["verified"]).toMatch(evidence);
  });
});

test("a dry run proves nothing and says so; a way there that does not run is not proved", async () => {
  await withPlace({ ...good, "2_b.up.sql": "CREATE TABEL b" }, async (place) => {
    expect(await back(place, { verify: true, dryRun: true })).toMatchObject({ exitCode: 10, checks: { verified: expect.stringMatching(/^skipped: dry run/u) } });
    await expect(back(place, { verify: true })).rejects.toMatchObject({ code: "checkFailed", message: expect.stringMatching(/2_b\.up\.sql:1:8: syntax error/u) });
  });
});
