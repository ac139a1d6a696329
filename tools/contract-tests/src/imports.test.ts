// Importing a package does nothing but give its names.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runProcess } from "@org/testkit";
import { expect, test } from "vitest";
import { root } from "./scripts.ts";

interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly default?: string }>>;
}

/** Everything that a published package exports as code. */
const entries = globSync("packages/*/*/package.json", { cwd: root })
  .toSorted()
  .flatMap((file) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, file), "utf8")) as PackageJson;
    const modules = Object.entries(exports).flatMap(([subpath, target]) => (typeof target === "string" || target.default === undefined ? [] : [{ subpath, target: target.default }]));
    return modules.map(({ subpath, target }) => ({ specifier: join(name, subpath), file: join(root, dirname(file), target) }));
  });

const program = join(import.meta.dirname, "testing/import-and-look.ts");

interface Observation {
  readonly before: object;
  readonly after: object;
  readonly touched: readonly string[];
}

test.each(entries)("$specifier", async ({ file }) => {
  const { exitCode, stdout, stderr, durationMs } = await runProcess(process.execPath, [program, pathToFileURL(file).href]);
  expect(exitCode, stderr).toBe(0);
  const { before, after, touched } = JSON.parse(stdout) as Observation;
  expect(touched).toEqual([]);
  expect(after).toEqual(before);
  // It ends by itself: nothing that it opened keeps the process.
  expect(durationMs).toBeLessThan(5_000);
});
