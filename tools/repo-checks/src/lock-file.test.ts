import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkLockFile } from "./lock-file.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "lock-file-"))));
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, json: object): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), JSON.stringify(json));
}

const tool = { name: "tool", optionalDependencies: { "tool-linux": "1.0.0", "tool-darwin": "1.0.0" } };
const locked = {
  "": { devDependencies: { tool: "1.0.0" } },
  "packages/core/env": { dependencies: { yaml: "2.0.0" } },
  "node_modules/@org/env": { link: true },
  "node_modules/tool": tool,
  "node_modules/tool-linux": {},
  "node_modules/tool/node_modules/tool-darwin": {},
};

function problems(packages: Record<string, object>): string[] {
  write("package-lock.json", { packages });
  write("package.json", { devDependencies: { tool: "1.0.0" } });
  write("packages/core/env/package.json", { dependencies: { yaml: "2.0.0" } });
  return checkLockFile(root).map(({ what }) => what);
}

test("takes a lock that is complete, also with nested packages", () => {
  expect(problems(locked)).toEqual([]);
});

test("finds the package of another platform that npm dropped", () => {
  const { "node_modules/tool/node_modules/tool-darwin": _dropped, ...rest } = locked;
  expect(problems(rest)).toEqual(["node_modules/tool needs tool-darwin@1.0.0 on another platform, and has no entry for it."]);
});

test("finds a workspace that the lock does not know", () => {
  const { "packages/core/env": _unknown, ...rest } = locked;
  expect(problems(rest)).toEqual(["packages/core/env has no entry."]);
});

test("finds a range that differs, a dependency that is new and one that is gone", () => {
  const found = problems({ ...locked, "": { devDependencies: { tool: "2.0.0" } }, "packages/core/env": { devDependencies: { vitest: "1.0.0" } } });
  expect(found).toEqual([
    "the root: devDependencies has tool@1.0.0, the lock has 2.0.0.",
    "packages/core/env: dependencies has yaml@2.0.0, the lock has nothing.",
    "packages/core/env: the lock has vitest, devDependencies has not.",
  ]);
});
