// Needs Postgres and its psql, which the testkit starts.
import { withTempFolder, writeFiles } from "@org/testkit";
import { expect, test } from "vitest";
import { compareWithPsql } from "./testing/compare-with-psql.ts";

/** The steps of one application, with everything that a careless runner gets wrong. */
const steps: readonly (readonly [name: string, sql: string])[] = [
  ["types", "CREATE SCHEMA shop; CREATE TYPE shop.state AS ENUM ('new', 'paid; or not', 'it''s'); CREATE DOMAIN shop.cents AS bigint CHECK (VALUE >= 0);"],
  ["search path", "SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = off;\nCREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state shop.state NOT NULL DEFAULT 'new', total shop.cents);\nCREATE FUNCTION shop.later() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shop.not_yet';"],
  ["own names", "CREATE TABLE public_thing (id int); SET search_path = shop; CREATE TABLE items (order_id bigint REFERENCES orders, name text DEFAULT E'a\\'b;c', note text DEFAULT $q$;$q$);"],
  ["back again", "CREATE TABLE elsewhere (id int PRIMARY KEY, v int); SET default_transaction_isolation = 'serializable'; SET ROLE NONE;"],
  ["enum value", "ALTER TYPE shop.state ADD VALUE 'sent' BEFORE 'it''s';"],
  ["use of it", "CREATE INDEX sent ON shop.orders (id) WHERE state = 'sent';"],
  ["concurrently", "CREATE INDEX CONCURRENTLY elsewhere_v ON elsewhere (v);\nDROP INDEX CONCURRENTLY shop.sent;\nREINDEX TABLE CONCURRENTLY elsewhere;"],
  ["bodies", "CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\n  NEW.note := $$;$$ || ';'; /* ; /* nested */ */ -- it's\n  RETURN NEW;\nEND\n$body$;\nCREATE TRIGGER touch BEFORE INSERT ON shop.items FOR EACH ROW EXECUTE FUNCTION shop.touch();\nCREATE FUNCTION shop.twice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN n > 1 THEN 2 * n ELSE n END; END;\nCREATE RULE keep AS ON DELETE TO elsewhere DO ALSO (SELECT 1; SELECT 2);"],
  ["own transaction", "BEGIN;\nCREATE TABLE parts (id int) PARTITION BY RANGE (id);\nCREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);\nCOMMIT;\nALTER TABLE parts DETACH PARTITION parts_low CONCURRENTLY;"],
  ["rights", "CREATE VIEW shop.paid WITH (security_barrier) AS SELECT * FROM shop.orders WHERE total > 0; ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY; CREATE POLICY all_see ON shop.orders USING (true); GRANT SELECT ON shop.paid TO PUBLIC; COMMENT ON VIEW shop.paid IS 'paid; only';"],
];

type NameOf = (step: { readonly at: number; readonly name: string }) => string;

const plainly = (name: NameOf, wrap = (sql: string): string => sql): Record<string, string | Uint8Array> =>
  Object.fromEntries(steps.map(([title, sql], index) => [name({ at: index + 1, name: title.replaceAll(" ", "_") }), wrap(sql)]));

const layouts: Readonly<Record<string, Record<string, string | Uint8Array>>> = {
  files: plainly(({ at, name }) => `${at}_${name}.sql`),
  "padded names": plainly(({ at, name }) => `${String(at).padStart(4, "0")}-${name}.sql`),
  pairs: { ...plainly(({ at, name }) => `${20_240_100 + at}120000_${name}.up.sql`), "20240101120000_types.down.sql": "DROP SCHEMA shop CASCADE" },
  folders: plainly(({ at, name }) => `${String(at).padStart(2, "0")}_${name}/migration.sql`),
  "folder-pairs": plainly(({ at, name }) => `2024-01-${String(at).padStart(2, "0")}-120000_${name}/up.sql`),
  sections: plainly(({ at, name }) => `${20_240_100 + at}_${name}.sql`, (sql) => `-- migrate:up\n${sql}\n-- migrate:down\nSELECT 1;\n`),
  flyway: plainly(({ at, name }) => `V1.${at}__${name}.sql`),
  "Windows' line ends and byte order marks": plainly(({ at, name }) => `${at}_${name}.sql`, (sql) => `\uFEFF${sql.replaceAll(/(?<!\r)\n/gu, "\r\n")}\r\n`),
};

test.each(Object.entries(layouts))("%s: the same pg_dump as after psql", async (_, files) => {
  await withTempFolder(async (folder) => {
    await writeFiles(folder, files);
    const { ours, psql, files: count } = await compareWithPsql(folder);
    expect(count).toBe(steps.length);
    expect(ours).toBe(psql);
    expect(ours).toContain("CREATE TRIGGER touch");
  });
});
