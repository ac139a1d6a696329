import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { testReport } from "@org/nx-scripts/test-report";

/** What the tests of a workspace add up to. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  /** Full names of tests that did not run. */
  readonly skipped: readonly string[];
  /** What makes the whole a failure without being a failed test: a package without a report, a file that did not load. */
  readonly problems: readonly string[];
}

/** Sums the reports that the `test` targets left. A package that has test files but ran no test counts as one failure. */
export function summarizeTests(root: string): TestSummary {
  const packages = packagesWithTests(root);
  const parts = packages.map((folder) => summarizePackage(root, folder));
  return {
    passed: sum(parts.map((part) => part.passed)),
    failed: sum(parts.map((part) => part.failed)),
    skipped: parts.flatMap((part) => part.skipped),
    problems: packages.length === 0 ? ["No package has tests."] : parts.flatMap((part) => part.problems),
  };
}

function packagesWithTests(root: string): string[] {
  const files = globSync(["packages/*/*/src/**/*.test.ts", "tools/*/src/**/*.test.ts"], { cwd: root });
  return [...new Set(files.map((file) => file.slice(0, file.indexOf("/src/"))))].toSorted();
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function summarizePackage(root: string, folder: string): TestSummary {
  const file = join(root, testReport(basename(folder)));
  if (!existsSync(file)) return failure(`${folder} left no test report.`);
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as Report;
  const tests = testResults.flatMap((result) => result.assertionResults);
  const ran = tests.filter((test) => test.status === "passed" || test.status === "failed");
  if (ran.length === 0) return failure(`${folder} ran no test.`);
  const broken = testResults.filter((result) => result.status === "failed" && result.assertionResults.every((test) => test.status !== "failed"));
  const failed = ran.filter((test) => test.status === "failed").length;
  return {
    passed: ran.length - failed,
    failed: failed + broken.length,
    skipped: tests.filter((test) => !ran.includes(test)).map((test) => `${folder}: ${test.fullName}`),
    problems: broken.map((result) => `${folder}: ${basename(dirname(result.name))}/${basename(result.name)} failed outside its tests.`),
  };
}

function failure(problem: string): TestSummary {
  return { passed: 0, failed: 1, skipped: [], problems: [problem] };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
