// Needs Postgres, which the testkit starts.
import { runMigrations } from "@org/run-migrations";
import { historyLines, withPlace, writeFiles, type Files, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { apply, back, withApplied } from "../testing/place.ts";

const files: Files = {
  "1_a.up.sql": "CREATE TABLE a (id int); CREATE TABLE other (id int)",
  "1_a.down.sql": "DROP TABLE a; DROP TABLE other",
  "2_more.up.sql": "ALTER TABLE a ADD more int",
  "2_more.down.sql": "ALTER TABLE a DROP more CASCADE",
  "3_b.up.sql": "CREATE TABLE b (id int)",
  "3_b.down.sql": "DROP TABLE b CASCADE",
  "R__a_all.sql": "CREATE OR REPLACE VIEW all_of_a AS SELECT * FROM a",
  "R__b_grants.sql": "CREATE OR REPLACE VIEW over_all AS SELECT id FROM all_of_a; GRANT SELECT ON all_of_a TO PUBLIC",
  "R__c_with_b.sql": "CREATE OR REPLACE VIEW with_b AS SELECT a.id FROM a JOIN b USING (id)",
  "R__d_other.sql": "CREATE OR REPLACE VIEW untouched AS SELECT id FROM other",
};

async function views({ client }: Place): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>("SELECT c.relname || coalesce(' ' || relacl::text, '') AS line FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace ORDER BY 1");
  return rows.map(({ line }) => line);
}

async function stateOf({ url, folder }: Place, name: string): Promise<string | undefined> {
  const { data } = await runMigrations({ databaseUrl: url, directory: folder }, { action: "status" });
  return data?.repeatables.find((one) => one.name === name)?.state;
}

test("what CASCADE takes of repeatable files is there again after the rollback, with its rights; the others do not run", async () => {
  await withApplied(files, async (place) => {
    await apply(place);
    const before = await views(place);
    await back(place, { to: "2" });
    const { exitCode, checks, data } = await back(place, { to: "1" });
    expect([exitCode, checks["repeatables"]]).toEqual([0, "pass: taken along and applied again: R__a_all.sql, R__b_grants.sql"]);
    expect(data.repeatedNow).toEqual(["a_all", "b_grants"].map((name) => ({ name, file: `R__${name}.sql`, reason: null })));
    expect(await views(place)).toEqual(before.filter((line) => !line.startsWith("with_b")));
    expect((await historyLines(place.client)).filter((line) => line.startsWith("R__") && !line.startsWith("R__c"))).toEqual(
      ["a_all applied", "b_grants applied", "d_other applied", "a_all down applied", "b_grants down applied", "a_all applied", "b_grants applied"].map((line) => `R__${line}`),
    );
  });
});

test("what cannot be made any more is told, and run-migrations makes it when its table is there again", async () => {
  await withApplied(files, async (place) => {
    const { exitCode, checks, data } = await back(place, { steps: 1 });
    expect(exitCode).toBe(0);
    expect(checks["repeatables"]).toMatch(/^warn: R__c_with_b\.sql is lost and not applied again: R__c_with_b\.sql:1:\d+: relation "b" does not exist/u);
    expect(data.repeatedNow).toMatchObject([{ file: "R__c_with_b.sql", reason: expect.stringContaining('relation "b" does not exist') }]);
    expect(await stateOf(place, "c_with_b")).toBe("failed");
    await apply(place);
    expect(await views(place)).toContain("with_b");
    expect(await stateOf(place, "c_with_b")).toBe("applied");
  });
});

test("a dry run tells what may be taken along, by which way back", async () => {
  await withApplied(files, async (place) => {
    const { data, checks } = await back(place, { to: "1", dryRun: true });
    expect(data.plan?.map(({ version, takesAlong }) => [version, ...takesAlong.map(({ file, object }) => `${object} ${file}`)])).toEqual([
      ["3", "view with_b R__c_with_b.sql"],
      ["2", "view all_of_a R__a_all.sql", "view all_of_a R__b_grants.sql", "view over_all R__b_grants.sql"],
    ]);
    expect(checks["repeatables"]).toMatch(/^warn: may be taken along: view with_b \(R__c_with_b\.sql\); /u);
    expect(await views(place)).toHaveLength(4);
  });
});

test("what a file only uses is not told as made by it, and the file does not run again when that goes", async () => {
  const uses = "CREATE OR REPLACE FUNCTION mood_of() RETURNS text LANGUAGE plpgsql AS $$ DECLARE m mood; BEGIN RETURN m; END $$";
  const setup = { "1_a.up.sql": "CREATE TYPE mood AS ENUM ('x')", "1_a.down.sql": "DROP TYPE mood", "R__mood_of.sql": uses };
  await withApplied(setup, async (place) => {
    expect((await back(place, { to: "0", dryRun: true })).data.plan).toMatchObject([{ takesAlong: [] }]);
    const { exitCode, data, checks } = await back(place, { to: "0" });
    expect([exitCode, data.repeatedNow, checks["repeatables"]]).toEqual([0, [], undefined]);
  });
});

const kinds: readonly (readonly [kind: string, repeatable: string, down: string])[] = [
  ["a function", "CREATE OR REPLACE FUNCTION mood_of() RETURNS mood LANGUAGE sql AS $$ SELECT NULL::mood $$", "DROP TYPE mood CASCADE; CREATE TYPE mood AS ENUM ('x')"],
  ["a trigger", "CREATE OR REPLACE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "DROP TABLE t; CREATE TABLE t (id int, m mood)"],
  ["a policy", "DROP POLICY IF EXISTS only_own ON t; CREATE POLICY only_own ON t USING (true)", "DROP TABLE t; CREATE TABLE t (id int, m mood)"],
  ["a rule", "CREATE OR REPLACE RULE keep AS ON DELETE TO t DO INSTEAD NOTHING", "DROP TABLE t; CREATE TABLE t (id int, m mood)"],
  ["a materialized view of a quoted name", 'DROP MATERIALIZED VIEW IF EXISTS "Of t"; CREATE MATERIALIZED VIEW "Of t" AS SELECT id FROM t', "DROP TABLE t CASCADE; CREATE TABLE t (id int, m mood)"],
  ["what a block puts together", "DO $$ BEGIN EXECUTE format('CREATE OR REPLACE VIEW %I AS SELECT * FROM t', 'made_' || 'up'); END $$", "DROP TABLE t CASCADE; CREATE TABLE t (id int, m mood)"],
];

test.each(kinds)("%s is taken along, told before, and there again", async (_, repeatable, down) => {
  const setup = "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE t (id int, m mood); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'";
  await withApplied({ "1_a.up.sql": setup, "1_a.down.sql": "SELECT 1", "2_b.up.sql": "SELECT 2", "2_b.down.sql": down, "R__it.sql": repeatable }, async (place) => {
    const planned = await back(place, { steps: 1, dryRun: true });
    expect(planned.data.plan?.[0]?.takesAlong.map(({ file }) => file)).toContain("R__it.sql");
    const { exitCode, data } = await back(place, { steps: 1 });
    expect([exitCode, data.repeatedNow]).toEqual([0, [{ name: "it", file: "R__it.sql", reason: null }]]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "R__it applied", "R__it down applied", "2 down applied", "R__it applied"]);
  });
});

test("a way back that fails takes nothing along, and one that is interrupted outside a transaction loses nothing of it", async () => {
  const outside = "-- no-transaction\nDROP TABLE b CASCADE;\nCREATE TABLE b (id int);\nSELECT 1 / 0;";
  await withApplied({ ...files, "3_b.down.sql": "DROP TABLE b CASCADE; SELECT 1 / 0" }, async (place) => {
    expect(await back(place, { steps: 1 })).toMatchObject({ exitCode: 6, data: { repeatedNow: [] } });
    expect(await views(place)).toHaveLength(4);
    await writeFiles(place.folder, { "3_b.down.sql": outside });
    expect(await back(place, { steps: 1, allowDataLoss: true })).toMatchObject({ exitCode: 6, data: { repeatedNow: [] } });
    expect(await views(place)).toHaveLength(3);
    await writeFiles(place.folder, { "3_b.down.sql": outside.replace("SELECT 1 / 0", "SELECT 1") });
    expect((await back(place, { steps: 1, allowDataLoss: true })).data.repeatedNow.map(({ file, reason }) => [file, reason])).toContainEqual(["R__c_with_b.sql", null]);
    expect(await views(place)).toHaveLength(4);
  });
});

test("one whose text has changed is left to run-migrations, and so is what an interrupted rollback left is taken up by the next one", async () => {
  await withPlace(files, async (place) => {
    await apply(place);
    await writeFiles(place.folder, { "R__a_all.sql": "CREATE OR REPLACE VIEW all_of_a AS SELECT a.* FROM a" });
    const { checks } = await back(place, { to: "1" });
    expect(checks["repeatables"]).toMatch(/R__a_all\.sql is lost and not applied again: its text has changed since it was applied, so run-migrations applies it/u);
    expect(await stateOf(place, "a_all")).toBe("lost");
    await writeFiles(place.folder, { "R__a_all.sql": files["R__a_all.sql"]! });
    const next = await back(place, { to: "1" });
    expect(next).toMatchObject({ exitCode: 0, data: { repeatedNow: [{ name: "a_all", reason: null }] }, checks: { done: "pass: there is nothing to roll back" } });
  });
});
