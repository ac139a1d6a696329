import { expect, test } from "vitest";
import { budgetOf, fits } from "./budgets.ts";
import type { Package } from "./workspace.ts";

function pkg(path: string, dependencies: readonly string[], bundled: readonly string[] = []): Package {
  const [category = "", directory = ""] = path.split("/");
  const ranges = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, "1.0.0"]));
  return {
    folder: `packages/${path}`,
    category,
    directory,
    json: { name: `@org/${directory}`, version: "0.1.0", dependencies: ranges(dependencies), devDependencies: ranges(bundled) },
    manifest: undefined,
  };
}

const cache = pkg("core/cache", ["ioredis"]);
const database = pkg("database/init-database", ["pg"]);
const dragonfly = pkg("verification/verify-dragonfly", ["@org/cache"]);
const packages = [cache, database, dragonfly];

test("the budget follows what a script depends on, also indirectly", () => {
  expect(budgetOf(database, packages).packages).toBe(20);
  expect(budgetOf(dragonfly, packages).packages).toBe(45);
  expect(budgetOf(pkg("control/platform", [], ["execa"]), packages).packages).toBe(45);
  expect(budgetOf(pkg("verification/validate-schema-consistency", ["pg"]), packages).packages).toBe(80);
  expect(budgetOf(pkg("security/security-validation", ["pg"]), packages).packages).toBe(80);
});

test("a footprint fits when both figures do", () => {
  const budget = { packages: 20, megabytes: 4 };
  expect(fits({ packages: 20, megabytes: 4 }, budget)).toBe(true);
  expect(fits({ packages: 21, megabytes: 1 }, budget)).toBe(false);
  expect(fits({ packages: 2, megabytes: 4.1 }, budget)).toBe(false);
});
