import { expect, test } from "vitest";
import { removalsOf, type Removal } from "./removals.ts";

const t = (name: string, schema?: string): { readonly schema: string | undefined; readonly name: string } => ({ schema, name });

test.each<[string, Removal[]]>([
  ['DROP TABLE "a.b"."c d", x', [{ kind: "table", table: t("c d", "a.b") }, { kind: "table", table: t("x") }]],
  ["DROP SCHEMA s CASCADE", [{ kind: "schema", name: "s" }]],
  ["DROP EXTENSION citext", [{ kind: "extension", name: "citext" }]],
  ["DROP TYPE a.x CASCADE", [{ kind: "type", type: t("x", "a") }]],
  ["DROP DOMAIN d CASCADE", [{ kind: "type", type: t("d") }]],
  ["ALTER TABLE a.t DROP COLUMN c, DROP CONSTRAINT k", [{ kind: "column", table: t("t", "a"), column: "c" }]],
  ["ALTER TABLE t ALTER c TYPE text", [{ kind: "conversion", table: t("t"), column: "c", type: '"text"' }]],
  ["ALTER TABLE t ALTER c TYPE int[]", [{ kind: "conversion", table: t("t"), column: "c", type: '"pg_catalog"."int4"[]' }]],
  ["ALTER TABLE t ALTER c TYPE varchar(3)", [{ kind: "conversion", table: t("t"), column: "c", type: undefined }]],
  ["ALTER TABLE t ALTER c TYPE text USING left(c, 1)", [{ kind: "conversion", table: t("t"), column: "c", type: undefined }]],
  ["ALTER TYPE pair DROP ATTRIBUTE x", [{ kind: "unseen" }]],
  ["TRUNCATE a, b CASCADE", [{ kind: "truncation", table: t("a"), cascade: true }, { kind: "truncation", table: t("b"), cascade: true }]],
  ["DELETE FROM a", [{ kind: "deletion", table: t("a"), all: true }]],
  ["DELETE FROM a WHERE id = 1", [{ kind: "deletion", table: t("a"), all: false }]],
  ["WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone", [{ kind: "deletion", table: t("a"), all: true }]],
  ["MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", [{ kind: "deletion", table: t("a"), all: false }]],
  ["ALTER TABLE s.a RENAME TO b", [{ kind: "rename", table: t("a", "s"), to: t("b", "s") }]],
  ["ALTER TABLE s.a SET SCHEMA z", [{ kind: "rename", table: t("a", "s"), to: t("a", "z") }]],
  ["ALTER TABLE a RENAME COLUMN x TO y", [{ kind: "column-rename", table: t("a"), column: "x", to: "y" }]],
  ["SELECT app.archive(1)", [{ kind: "call", function: t("archive", "app") }]],
  ["DO $$ BEGIN DROP TABLE a; END $$", [{ kind: "unseen" }]],
  ["CALL shrink()", [{ kind: "unseen" }]],
  ["SET LOCAL search_path TO app, 'public'", [{ kind: "search-path", schemas: ["app", "public"] }]],
  ["RESET search_path", [{ kind: "search-path", schemas: undefined }]],
  ["DROP TABEL a", [{ kind: "unseen" }]],
])("%s", async (sql, removals) => {
  expect((await removalsOf(sql)).flatMap((statement) => statement.removals)).toEqual(removals);
});

test.each([
  "DROP VIEW v CASCADE",
  "DROP SCHEMA s",
  "DROP TYPE t",
  "DROP INDEX CONCURRENTLY i",
  "ALTER TABLE t DROP CONSTRAINT c",
  "ALTER TABLE t ADD COLUMN c int DEFAULT f()",
  "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; END",
  "INSERT INTO a SELECT f(1)",
  "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = 1",
])("nothing is taken away by %s", async (sql) => {
  expect(await removalsOf(sql)).toEqual([]);
});

test("a statement is told with its place", async () => {
  expect(await removalsOf("-- first\nSELECT 1;\n\nDROP TABLE\n  a;")).toEqual([{ line: 4, text: "DROP TABLE a", sql: "DROP TABLE\n  a", removals: [{ kind: "table", table: t("a") }] }]);
});
