import { expect, test } from "vitest";
import { lintCases as cases } from "../testing/lint-cases.ts";
import { lintRules, planFiles, type LintFinding, type LintOptions } from "./lint-files.ts";

const usual: LintOptions = { levels: {}, hasLockTimeout: true };

async function findings(sql: string | readonly string[], options: Partial<LintOptions> = {}): Promise<readonly LintFinding[]> {
  const texts = typeof sql === "string" ? [sql] : sql;
  const files = texts.map((text, index) => ({ version: String(index + 1), file: `${index + 1}.sql`, path: `/m/${index + 1}.sql`, sql: text }));
  return (await planFiles(files, { ...usual, ...options })).flatMap((file) => file.findings);
}

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
