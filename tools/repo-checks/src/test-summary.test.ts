import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { summarizeTests } from "./test-summary.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "test-summary-"))));
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, content: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
}

function report(name: string, statuses: readonly string[], status = "passed"): void {
  write(`packages/core/${name}/src/${name}.test.ts`, "");
  const assertionResults = statuses.map((each, index) => ({ fullName: `${name} ${index}`, status: each }));
  write(`.nx/tests/${name}.json`, JSON.stringify({ testResults: [{ name: `/x/src/${name}.test.ts`, status, assertionResults }] }));
}

test("adds the reports up", () => {
  report("one", ["passed", "passed"]);
  report("two", ["passed", "failed"], "failed");
  expect(summarizeTests(root)).toEqual({ passed: 3, failed: 1, skipped: [], problems: [] });
});

test("a package that ran no test is a failure", () => {
  report("one", ["passed"]);
  report("two", ["skipped"]);
  expect(summarizeTests(root)).toMatchObject({ passed: 1, failed: 1, problems: ["packages/core/two ran no test."] });
});

test("a package without a report is a failure", () => {
  write("packages/core/three/src/three.test.ts", "");
  expect(summarizeTests(root)).toMatchObject({ passed: 0, failed: 1, problems: ["packages/core/three left no test report."] });
});

test("a file that fails outside its tests is a failure", () => {
  report("one", ["passed"], "failed");
  expect(summarizeTests(root)).toMatchObject({ passed: 1, failed: 1, problems: ["packages/core/one: src/one.test.ts failed outside its tests."] });
});

test("a skipped test is named", () => {
  report("one", ["passed", "skipped"]);
  expect(summarizeTests(root)).toMatchObject({ passed: 1, failed: 0, skipped: ["packages/core/one: one 1"] });
});

test("a workspace without tests is a problem", () => {
  expect(summarizeTests(root).problems).toEqual(["No package has tests."]);
});
