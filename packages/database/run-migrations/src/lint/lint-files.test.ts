import { expect, test } from "vitest";
import { lintRules, planFiles, type LintFinding, type LintOptions } from "./lint-files.ts";

const usual: LintOptions = { levels: {}, hasLockTimeout: true };

async function findings(sql: string | readonly string[], options: Partial<LintOptions> = {}): Promise<readonly LintFinding[]> {
  const texts = typeof sql === "string" ? [sql] : sql;
  const files = texts.map((text, index) => ({ version: String(index + 1), file: `${index + 1}.sql`, sql: text }));
  return (await planFiles(files, { ...usual, ...options })).flatMap((file) => file.findings);
}

/** For each rule, what it must flag and what it must not. */
const cases: Readonly<Record<string, { readonly flag: string; readonly pass: string }>> = {
  "require-concurrent-index-creation": { flag: "CREATE INDEX ON t (a)", pass: "CREATE TABLE new (a int); CREATE INDEX ON new (a); CREATE INDEX CONCURRENTLY ON t (a)" },
  "require-concurrent-index-deletion": { flag: "DROP INDEX i", pass: "DROP INDEX CONCURRENTLY i" },
  "require-concurrent-reindex": { flag: "REINDEX TABLE t", pass: "REINDEX TABLE CONCURRENTLY t" },
  "require-concurrent-partition-detach": { flag: "ALTER TABLE p DETACH PARTITION p1", pass: "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY" },
  "adding-foreign-key-constraint": {
    flag: "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
    pass: "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT f; CREATE TABLE n (a int REFERENCES u)",
  },
  "constraint-missing-not-valid": { flag: "ALTER TABLE t ADD CHECK (a > 0)", pass: "ALTER TABLE t ADD CHECK (a > 0) NOT VALID" },
  "adding-not-nullable-field": { flag: "ALTER TABLE t ALTER a SET NOT NULL", pass: "CREATE TABLE n (a int); ALTER TABLE n ALTER a SET NOT NULL" },
  "adding-required-field": { flag: "ALTER TABLE t ADD x int NOT NULL", pass: "ALTER TABLE t ADD x int NOT NULL DEFAULT 0; ALTER TABLE t ADD y int" },
  "adding-field-with-default": { flag: "ALTER TABLE t ADD x uuid DEFAULT gen_random_uuid()", pass: "ALTER TABLE t ADD x timestamptz DEFAULT now(); ALTER TABLE t ADD y int DEFAULT 1 + 2" },
  "changing-column-type": { flag: "ALTER TABLE t ALTER a TYPE bigint", pass: "ALTER TABLE t ALTER a SET DEFAULT 1" },
  "disallowed-unique-constraint": { flag: "ALTER TABLE t ADD UNIQUE (a)", pass: "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i" },
  "prefer-repack": { flag: "VACUUM FULL t", pass: "VACUUM t; VACUUM (FULL off) t; REFRESH MATERIALIZED VIEW CONCURRENTLY m" },
  "require-lock-timeout": { flag: "ALTER TABLE t ADD y int", pass: "SET lock_timeout = '2s'; ALTER TABLE t ADD y int; ALTER TABLE t VALIDATE CONSTRAINT f" },
  "ban-concurrent-index-creation-in-transaction": { flag: "BEGIN; CREATE INDEX CONCURRENTLY ON t (a); COMMIT", pass: "CREATE INDEX CONCURRENTLY ON t (a)" },
  "ban-uncommitted-transaction": { flag: "SELECT 1; COMMIT; SELECT 2", pass: "BEGIN; SELECT 1; COMMIT" },
  "ban-drop-table": { flag: "DROP TABLE s.t", pass: "CREATE TABLE n (a int); DROP TABLE n; DROP VIEW v" },
  "ban-drop-schema": { flag: "DROP SCHEMA s CASCADE", pass: "DROP TYPE s" },
  "ban-drop-database": { flag: "DROP DATABASE d", pass: "CREATE DATABASE d" },
  "ban-drop-column": { flag: "ALTER TABLE t DROP a", pass: "ALTER TABLE t DROP CONSTRAINT a" },
  "ban-truncate": { flag: "TRUNCATE t", pass: "CREATE TABLE n (a int); TRUNCATE n" },
  "ban-write-without-where": { flag: "UPDATE t SET a = 1", pass: "UPDATE t SET a = 1 WHERE b; DELETE FROM t WHERE a" },
  "renaming-column": { flag: "ALTER TABLE t RENAME a TO b", pass: "ALTER INDEX i RENAME TO j" },
  "renaming-table": { flag: "ALTER TABLE t RENAME TO u", pass: "ALTER TYPE t RENAME TO u" },
  "ban-drop-not-null": { flag: "ALTER TABLE t ALTER a DROP NOT NULL", pass: "ALTER TABLE t ALTER a DROP DEFAULT" },
  "ban-char-field": { flag: "CREATE TABLE n (a char(3))", pass: "CREATE TABLE n (a text)" },
  "prefer-timestamptz": { flag: "CREATE TABLE n (a timestamp)", pass: "CREATE TABLE n (a timestamptz)" },
  "prefer-text-field": { flag: "ALTER TABLE t ADD a varchar(9)", pass: "CREATE TABLE n (a text)" },
  "prefer-bigint-over-int": { flag: "CREATE TABLE n (a int)", pass: "CREATE TABLE n (a bigint)" },
  "prefer-identity": { flag: "CREATE TABLE n (a serial)", pass: "CREATE TABLE n (a int GENERATED ALWAYS AS IDENTITY)" },
};

test("every rule has its cases", () => {
  expect(Object.keys(cases).toSorted()).toEqual(lintRules.map(({ name }) => name).toSorted());
});

test.each(lintRules.map(({ name }) => name))("%s flags what it must, and nothing else", async (rule) => {
  const options = { levels: { [rule]: "error" as const }, hasLockTimeout: rule !== "require-lock-timeout" };
  const named = async (sql: string): Promise<number> => (await findings(sql, options)).filter((finding) => finding.rule === rule).length;
  expect(await named(cases[rule]!.flag)).toBe(1);
  expect(await named(cases[rule]!.pass)).toBe(0);
});

test("a finding names its place, and a table of an earlier pending file is no more in use than one of the same", async () => {
  const [finding, ...others] = await findings(["CREATE TABLE n (a int);", "-- wide\nSELECT 1;\n  CREATE INDEX ON t (a);\nCREATE INDEX ON n (a);"]);
  expect(others).toEqual([]);
  expect(finding).toEqual({
    rule: "require-concurrent-index-creation",
    level: "error",
    file: "2.sql",
    line: 3,
    column: 3,
    message: "building the index stops every write to the table.",
    hint: "Use CREATE INDEX CONCURRENTLY, in a file of its own.",
  });
});

test("what is ignored needs a reason and something to ignore", async () => {
  const rules = async (sql: string): Promise<string[]> => (await findings(sql)).map(({ rule, line }) => `${rule} ${line}`);
  expect(await rules("-- lint-ignore ban-truncate: it is a cache\nTRUNCATE t;\nTRUNCATE u;")).toEqual(["ban-truncate 3"]);
  expect(await rules("TRUNCATE t; -- lint-ignore ban-truncate: it is a cache\nTRUNCATE u;")).toEqual(["ban-truncate 2"]);
  expect(await rules("TRUNCATE t;\n-- lint-ignore-file ban-truncate: caches\nTRUNCATE u;")).toEqual([]);
  expect(await rules("-- lint-ignore ban-truncate\nTRUNCATE t;")).toEqual(["ignore-without-reason 1"]);
  expect(await rules("-- lint-ignore ban-truncate: none\nSELECT 1;")).toEqual(["unused-ignore 1"]);
});

test("levels are those of the config; unknown rules and levels are refused", async () => {
  expect(await findings("TRUNCATE t", { levels: { "ban-truncate": "off" } })).toEqual([]);
  expect(await findings("TRUNCATE t", { levels: { "ban-truncate": "warn" } })).toMatchObject([{ level: "warn" }]);
  await expect(findings("SELECT 1", { levels: { "ban-trunkate": "off" } })).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(/unknown rule: ban-trunkate/u) });
  await expect(findings("SELECT 1", { levels: { "ban-truncate": "loud" as never } })).rejects.toMatchObject({ code: "configuration" });
});

test("a statement that cannot be read is an error and no pass", async () => {
  expect(await findings("SELECT 1;\nSELEC 2;")).toMatchObject([{ rule: "syntax", level: "error", line: 2, message: expect.stringMatching(/syntax error/u) }]);
});
