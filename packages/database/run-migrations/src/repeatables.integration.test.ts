// Needs Postgres, which the testkit starts.
import { historyLines, withPlace, writeFiles, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { configure, runIn } from "./testing/command.ts";

const layouts = {
  files: { "migrations/1_a.sql": "CREATE TABLE a (id int)" },
  pairs: { "migrations/1_a.up.sql": "CREATE TABLE a (id int)", "migrations/1_a.down.sql": "DROP TABLE a" },
  folders: { "migrations/1_a/migration.sql": "CREATE TABLE a (id int)" },
  folderPairs: { "migrations/1_a/up.sql": "CREATE TABLE a (id int)", "migrations/1_a/down.sql": "DROP TABLE a" },
  sections: { "migrations/1_a.sql": "-- migrate:up\nCREATE TABLE a (id int)" },
  flyway: { "migrations/V1__a.sql": "CREATE TABLE a (id int)" },
};
const views = { "migrations/R__b view.sql": "CREATE OR REPLACE VIEW b AS SELECT id FROM x;\n", "migrations/views/R__a_view.sql": "CREATE OR REPLACE VIEW x AS SELECT id FROM a" };

async function column({ client }: Place): Promise<string | undefined> {
  return (await client.query("SELECT * FROM b")).fields.at(-1)?.name;
}

test.each(Object.entries(layouts))("beside the layout %s repeatable files run after the versions, by name, and again when their text changes", async (_, files) => {
  await withPlace({ ...files, ...views }, async (place) => {
    expect((await runIn(place, "plan")).stdout).toMatch(/would apply (?:V?1_.*)\n[^]*would apply views\/R__a_view\.sql[^]*would apply R__b view\.sql/u);
    expect(await runIn(place)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/applied +views\/R__a_view\.sql.*\napplied +R__b view\.sql/u) });
    expect(await historyLines(place.client)).toEqual(["1 applied", "R__a_view applied", "R__b view applied"]);
    // Line ends are no change.
    await writeFiles(place.folder, { "migrations/R__b view.sql": "CREATE OR REPLACE VIEW b AS SELECT id FROM x;\r\n\r\n" });
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    expect(await historyLines(place.client)).toHaveLength(3);
    await writeFiles(place.folder, { "migrations/R__b view.sql": "CREATE OR REPLACE VIEW b AS SELECT id, 1 AS more FROM x;" });
    expect((await runIn(place, "status")).stdout).toMatch(/changed +R__b view\.sql +\(.*, its text has changed, so it runs again\)/u);
    expect(await runIn(place, "--dry-run")).toMatchObject({ exitCode: 10, stdout: expect.stringMatching(/would apply R__b view\.sql/u) });
    expect(await column(place)).toBe("id");
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    expect(await column(place)).toBe("more");
    expect((await historyLines(place.client)).slice(3)).toEqual(["R__b view applied"]);
    expect((await runIn(place, "status")).stdout).toMatch(/applied +R__b view\.sql/u);
  });
});

test("repeatable files wait until every version is applied, and one that fails is tried again", async () => {
  const files = { "migrations/1_a.sql": "CREATE TABLE a (id int)", "migrations/2_b.sql": "ALTER TABLE a ADD more int", "migrations/R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT more FROM a WHERE nosuch" };
  await withPlace(files, async (place) => {
    expect(await runIn(place, "--to", "1")).toMatchObject({ exitCode: 0 });
    expect(await historyLines(place.client)).toEqual(["1 applied"]);
    const failed = await runIn(place);
    expect(failed).toMatchObject({ exitCode: 6, stdout: expect.stringMatching(/failed +R__v\.sql[^]*R__v\.sql:1:54\n/u) });
    expect((await runIn(place, "status")).stdout).toMatch(/failed +R__v\.sql +\(did not end well before: R__v\.sql:1:54/u);
    await writeFiles(place.folder, { "migrations/R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT more FROM a" });
    expect(await runIn(place, "--single-transaction")).toMatchObject({ exitCode: 0 });
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "R__v failed", "R__v applied"]);
  });
});

test("seeds run once, after everything else, and again when their text changes", async () => {
  const files = { "migrations/1_a.sql": "CREATE TABLE a (id int PRIMARY KEY, v text)", "seeds/10.sql": "INSERT INTO a VALUES (10, 'x') ON CONFLICT DO NOTHING", "seeds/9.sql": "INSERT INTO a VALUES (9, 'x') ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v" };
  await withPlace(files, async (place) => {
    await configure(place, { seeds: ["seeds"] });
    expect((await runIn(place, "plan")).stdout).toMatch(/would apply seeds\/9\.sql[^]*would apply seeds\/10\.sql/u);
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    await writeFiles(place.folder, { "seeds/9.sql": "INSERT INTO a VALUES (9, 'y') ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v" });
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    expect(await historyLines(place.client)).toEqual(["1 applied", "S__seeds/9.sql applied", "S__seeds/10.sql applied", "S__seeds/9.sql applied"]);
    expect((await place.client.query("SELECT * FROM a ORDER BY id")).rows).toEqual([{ id: 9, v: "y" }, { id: 10, v: "x" }]);
    await configure(place, { seeds: ["seeds", "nosuch", "seeds/9.sql"] });
    expect(await runIn(place)).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/nosuch: ENOENT.*; seeds\/9\.sql: it is named twice/u) });
  });
});

test("two repeatable files of one name are refused", async () => {
  await withPlace({ ...views, "migrations/1_a.sql": "SELECT 1", "migrations/more/R__a_view.sql": "SELECT 2" }, async (place) => {
    expect(await runIn(place)).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/more\/R__a_view\.sql and views\/R__a_view\.sql have one name/u) });
  });
});
