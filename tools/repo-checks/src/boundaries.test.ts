import { expect, test } from "vitest";
import { checkBoundaries, importsOf } from "./boundaries.ts";
import { withFixture } from "./testing/fixture.ts";
import { readPackages } from "./workspace.ts";

function faults(file: string, source: string): string[] {
  const found: string[] = [];
  withFixture(({ root, write }) => {
    write(file, source);
    found.push(...checkBoundaries(root, readPackages(root)).map(({ what }) => what));
  });
  return found;
}

const foo = "packages/verification/verify-foo/src/verify-foo.ts";

test.each([
  ["a script imports a core package", foo, 'import { runChecks } from "@org/script";'],
  ["a writer imports what it comes after", "packages/database/run-migrations/src/a.ts", 'import "@org/exit-codes";'],
  ["its own package.json", foo, 'import pkg from "../package.json" with { type: "json" };'],
  ["a test imports the testkit", "packages/verification/verify-foo/src/a.test.ts", 'import { runBin } from "@org/testkit";'],
  ["a comment names a package", foo, '// import { a } from "@org/run-migrations";'],
])("allows: %s", (_name, file, source) => {
  expect(faults(file, source)).toEqual([]);
});

test.each([
  ["verification imports database, although it comes after it", foo, 'import { migrate } from "@org/run-migrations";'],
  ["the same in a dynamic import", foo, 'const { migrate } = await import("@org/run-migrations");'],
  ["the same in a re-export", foo, 'export { migrate } from "@org/run-migrations";'],
  ["a script imports one that it does not come after", "packages/database/run-migrations/src/a.ts", 'import { verifyFoo } from "@org/verify-foo";'],
  ["a lower layer imports a higher one", "packages/core/exit-codes/src/a.ts", 'import type { Env } from "@org/env";'],
  ["a package is entered by a path", foo, 'import { a } from "../../../core/exit-codes/src/index.ts";'],
  ["the testkit outside of tests", foo, 'import { runBin } from "@org/testkit";'],
  ["the process as a module", foo, 'import process from "node:process";'],
  ["a module of Node without its prefix", foo, 'import { readFileSync } from "fs";'],
])("finds: %s", (_name, file, source) => {
  expect(faults(file, source)).toHaveLength(1);
});

test("reads every form of import", () => {
  const source = `import a, { b } from "one";\nimport {\n  c,\n} from 'two';\nimport "three";\nexport * from "four";\nconst d = await import("five");\nimport type { e } from "six";`;
  expect(importsOf(source)).toEqual(["one", "two", "three", "four", "five", "six"]);
});
