import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { runProcess, type ProcessResult } from "@org/testkit";
import { flushChanges, FsTree } from "nx/src/generators/tree";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyWorkspace } from "../copy-workspace.ts";
import { renameScope } from "./scope/generator.ts";
import { generateScript } from "./script/generator.ts";

const repository = join(import.meta.dirname, "../../../..");
let copy: string;

beforeEach(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), "generators-")));
  copyWorkspace(repository, copy);
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

async function run(command: string, ...args: readonly string[]): Promise<ProcessResult> {
  const env = { PATH: `${join(copy, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`, NO_COLOR: "1", CI: "true" };
  return runProcess(command, args, { cwd: copy, env, timeout: 300_000 });
}

function inCopy(change: (tree: FsTree) => unknown): void {
  const tree = new FsTree(copy, false);
  change(tree);
  flushChanges(copy, tree.listChanges());
}

// The last step of npm install, which would replace the links of the copy.
function link(scope: string, folder: string): void {
  mkdirSync(join(copy, "node_modules", scope), { recursive: true });
  symlinkSync(join(copy, folder), join(copy, "node_modules", scope, folder.split("/").at(-1) ?? ""));
}

const verifyFoo = {
  path: "verification/verify-foo",
  summary: "Verify that foo is there",
  target: "verify",
  after: ["init-database"],
  services: ["postgres"],
  permission: "read",
};

test("a generated script passes the checks of the repository", { timeout: 600_000 }, async () => {
  inCopy((tree) => generateScript(tree, verifyFoo));
  link("@org", "packages/verification/verify-foo");
  const commands = [
    ["npm", "install", "--package-lock-only", "--offline", "--ignore-scripts"],
    ["nx", "run-many", "-t", "test", "packaging", "--projects=@org/verify-foo"],
    ["tsc", "-p", "packages/verification/verify-foo/tsconfig.json"],
    ["oxlint", "--deny-warnings", "packages/verification/verify-foo"],
    ["knip", "--workspace", "packages/verification/verify-foo"],
    ["node", "--conditions=@org/source", "tools/repo-checks/src/bin/check.ts", "manifests", "boundaries"],
  ] as const;
  for (const [command, ...args] of commands) {
    const { exitCode, stdout, stderr } = await run(command, ...args);
    expect(exitCode, `${command} ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
  }
  const shown = await run("nx", "show", "project", "@org/verify-foo", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({ tags: expect.arrayContaining(["service:postgres", "permission:read"]) as unknown });
});

test("a name that is taken is refused", () => {
  expect(() => inCopy((tree) => generateScript(tree, { ...verifyFoo, path: "verification/verify-connection" }))).toThrow("exists already");
});

test("nx finds both generators", async () => {
  const script = await run("nx", "g", "@org/nx-scripts:script", "verification/verify-foo", "--summary", "Verify that foo is there", "--dry-run");
  expect(script.stdout).toContain("CREATE packages/verification/verify-foo/script.json");
  const scope = await run("nx", "g", "@org/nx-scripts:scope", "acme", "--dry-run");
  // One of the first lines: Nx exits before a long output has gone through a pipe.
  expect(scope.stdout).toContain("UPDATE .oxlintrc.json");
});

test("the scope is renamed everywhere, and the result type-checks", { timeout: 300_000 }, async () => {
  inCopy((tree) => renameScope(tree, { scope: "acme" }));
  expect(filesOf(copy).filter((file) => readFileSync(file, "utf8").includes("@org")).map((file) => relative(copy, file))).toEqual([]);
  for (const name of readdirSync(join(copy, "node_modules/@org"))) {
    link("@acme", relative(copy, realpathSync(join(copy, "node_modules/@org", name))));
  }
  rmSync(join(copy, "node_modules/@org"), { recursive: true });
  const { exitCode, stdout } = await run("tsc", "-p", "tsconfig.json");
  expect(exitCode, stdout).toBe(0);
  expect((await run("nx", "show", "projects")).stdout).toContain("@acme/verify-connection");
});

test("a scope that a dependency has is refused", () => {
  expect(() => inCopy((tree) => renameScope(tree, { scope: "types" }))).toThrow("@types");
});

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !["node_modules", ".git", ".nx"].includes(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(folder, entry.name)) : [join(folder, entry.name)]));
}
