// Needs Postgres, which the testkit starts.
import { withClient, type PostgresClient } from "@org/postgres";
import { historyLines, withScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { back, tables, withApplied } from "../testing/place.ts";
import { findLosses, losesData } from "./losses.ts";

const setup = `
  CREATE SCHEMA app;
  CREATE TYPE app.mood AS ENUM ('good', 'bad');
  CREATE TABLE users (id int PRIMARY KEY, email text, mood app.mood, age smallint, price numeric(12, 4), twice int GENERATED ALWAYS AS (id * 2) STORED);
  CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
  CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders);
  CREATE TABLE app.users (id int);
  CREATE TABLE app.only_here (id int);
  CREATE TABLE empty (id int, note text);
  CREATE TABLE parted (id int) PARTITION BY RANGE (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE FUNCTION shrink() RETURNS void LANGUAGE sql AS 'DELETE FROM public.users';
  INSERT INTO users SELECT g, CASE WHEN g < 3 THEN 'x' END, 'good', 1, 1.5 FROM generate_series(1, 5) g;
  INSERT INTO orders SELECT g, g FROM generate_series(1, 3) g;
  INSERT INTO lines VALUES (1, 1);
  INSERT INTO app.users VALUES (1), (2);
  INSERT INTO app.only_here VALUES (1);
  INSERT INTO parted VALUES (1), (2), (3);`;

let url: string;
let end: () => void;
let ended: Promise<void>;
beforeAll(async () => {
  const ready = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  end = over.resolve;
  ended = withScratchDatabase(async (scratch) => {
    url = scratch;
    await withClient({ url, applicationName: "test" }, (client) => client.query(setup));
    ready.resolve();
    await over.promise;
  });
  await ready.promise;
});
afterAll(async () => {
  end();
  await ended;
});

async function lossesOf(...texts: string[]): Promise<string[]> {
  const read = (client: PostgresClient) => findLosses(client, texts);
  const losses = await withClient({ url, applicationName: "test", readOnly: true }, read);
  return losses.flat().filter(losesData).map(({ kind, object, rows, exact }) => `${kind} ${object} ${rows ?? "?"}${exact || rows === null ? "" : " about"}`);
}

test.each<[string, string[]]>([
  ["DROP TABLE users CASCADE", ["table public.users 5"]],
  ["DROP TABLE IF EXISTS app.users, nosuch", ["table app.users 2"]],
  ["DROP TABLE only_here", ["table app.only_here 1"]],
  ["SET search_path TO app; DROP TABLE users", ["table app.users 2"]],
  ["DROP TABLE parted", ["table public.parted 3"]],
  ["ALTER TABLE users DROP COLUMN email", ["column public.users.email 2"]],
  ["DROP SCHEMA app CASCADE", ["table app.only_here 1", "table app.users 2", "column public.users.mood 5"]],
  ["DROP TYPE app.mood CASCADE", ["column public.users.mood 5"]],
  ["ALTER TABLE users ALTER price TYPE numeric(8, 1)", ["values public.users.price 5"]],
  ["ALTER TABLE users ALTER email TYPE text USING left(email, 1)", ["values public.users.email 2"]],
  ["TRUNCATE users CASCADE", ["rows public.users 5", "rows public.lines 1", "rows public.orders 3"]],
  ["DELETE FROM lines", ["rows public.lines 1"]],
  ["DELETE FROM users WHERE id > 3", ["rows public.users 2", "rows public.orders ?"]],
  ["WITH gone AS (DELETE FROM lines WHERE id = 1 RETURNING id) SELECT count(*) FROM gone", ["rows public.lines 1 about"]],
  ["DO $$ BEGIN DELETE FROM users; END $$", ["unseen DO $$ BEGIN DELETE FROM users; END $$ ?"]],
  ["SELECT shrink()", ["unseen SELECT shrink() ?"]],
  ["ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME email TO mail; ALTER TABLE people DROP COLUMN mail", ["column public.users.email 2"]],
  ["ALTER TABLE app.users SET SCHEMA public", []],
])("%s", async (sql, expected) => {
  expect(await lossesOf(sql)).toEqual(expected);
});

test.each([
  "DROP TABLE empty",
  "DROP TABLE nosuch",
  "ALTER TABLE empty DROP COLUMN note",
  "ALTER TABLE users DROP COLUMN twice",
  "ALTER TABLE users ALTER age TYPE bigint",
  "ALTER TABLE users ALTER email TYPE varchar",
  "DELETE FROM users WHERE id > 99",
  "SELECT pg_catalog.set_config('search_path', '', false), count(*) FROM users",
  "DROP INDEX nosuch; DROP VIEW v CASCADE; DROP FUNCTION shrink()",
])("nothing is lost by %s", async (sql) => {
  expect(await lossesOf(sql)).toEqual([]);
});

test("names are followed from one text to the next, and nothing is lost twice", async () => {
  expect(await lossesOf("ALTER TABLE orders RENAME TO sales", "DROP TABLE sales", "DROP TABLE orders")).toEqual(["table public.orders 3"]);
  expect(await lossesOf("ALTER TABLE users DROP COLUMN email", "ALTER TABLE users ADD email text", "ALTER TABLE users DROP COLUMN email", "DROP TABLE users")).toEqual(["column public.users.email 2", "table public.users 5"]);
});

test("a table that is locked is estimated by its statistics", async () => {
  await withClient({ url, applicationName: "test" }, async (client) => {
    await client.query("ANALYZE app.users; BEGIN; LOCK TABLE app.users, app.only_here");
    expect(await lossesOf("DROP TABLE app.users", "DROP TABLE app.only_here")).toEqual(["table app.users 2 about", "table app.only_here ?"]);
    await client.query("ROLLBACK");
  });
});

test("rows that a policy hides are not taken for none", async () => {
  const role = `limited_${process.pid}`;
  await withClient({ url, applicationName: "test" }, async (client) => {
    await client.query(`CREATE ROLE ${role}; ALTER TABLE app.users ENABLE ROW LEVEL SECURITY; GRANT USAGE ON SCHEMA app TO ${role}; GRANT SELECT ON app.users TO ${role}; ANALYZE app.users`);
    await client.query(`SET ROLE ${role}`);
    expect((await client.query("SELECT * FROM app.users")).rows).toEqual([]);
    expect(await findLosses(client, ["DROP TABLE app.users"])).toMatchObject([[{ rows: 2, exact: false }]]);
    await client.query(`RESET ROLE; ALTER TABLE app.users DISABLE ROW LEVEL SECURITY; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
});

test("rows are not lost unless it is allowed, and the plan names them", async () => {
  const files = { "1_a.up.sql": "CREATE TABLE a (id int)", "1_a.down.sql": "DROP TABLE a", "2_b.up.sql": "ALTER TABLE a ADD b text", "2_b.down.sql": "ALTER TABLE a DROP COLUMN b" };
  await withApplied(files, async (place) => {
    await place.client.query("INSERT INTO a VALUES (1, 'x'), (2, NULL)");
    const lost = "column public.a.b (1 value); table public.a (2 rows)";
    expect(await back(place, { to: "0", dryRun: true })).toMatchObject({ exitCode: 10, checks: { loss: `warn: would be lost: ${lost}` } });
    const refused = await back(place, { to: "0" });
    expect(refused).toMatchObject({ exitCode: 6, checks: { loss: `fail: would be lost: ${lost}`, done: "skipped: nothing was rolled back" } });
    expect(refused.data.plan?.map(({ losses }) => losses.map(({ object, line }) => [object, line]))).toEqual([[["public.a.b", 1]], [["public.a", 1]]]);
    expect(await tables(place.client)).toEqual(["a"]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
    expect(await back(place, { to: "0", allowDataLoss: true })).toMatchObject({ exitCode: 0, checks: { loss: `warn: accepted as lost: ${lost}` } });
    expect(await tables(place.client)).toEqual([]);
  });
});
