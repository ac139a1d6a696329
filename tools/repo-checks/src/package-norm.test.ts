import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkPackageNorm, shimOf } from "./package-norm.ts";
import { withFixture, type Fixture } from "./testing/fixture.ts";
import { readPackages } from "./workspace.ts";

const foo = "packages/verification/verify-foo";

function found({ root }: Fixture): string[] {
  return checkPackageNorm(root, readPackages(root)).map(({ where, what }) => `${where}: ${what}`);
}

test("a package of the norm has no problem", () => {
  withFixture((fixture) => expect(found(fixture)).toEqual([]));
});

type Json = Record<string, unknown>;
const faults: readonly (readonly [string, (json: Json) => void, string])[] = [
  ["another name", (json) => (json["name"] = "@org/verify-fo"), 'name is "@org/verify-fo"'],
  ["another bin", (json) => (json["bin"] = { foo: "bin/verify-foo.js" }), "bin is"],
  ["no engines", (json) => delete json["engines"], "engines is undefined"],
  ["private", (json) => (json["private"] = true), "private is true"],
  ["no access", (json) => delete json["publishConfig"], "publishConfig is undefined"],
  ["another licence", (json) => (json["license"] = "ISC"), 'license is "ISC"'],
  ["scripts of its own", (json) => (json["scripts"] = { build: "tsc" }), "scripts is"],
  ["another folder", (json) => (json["repository"] = { url: "git+https://x", directory: "packages/foo" }), "repository.directory is"],
  ["a summary of its own", (json) => (json["description"] = "Foo"), 'description is "Foo"'],
  ["a missing file", (json) => (json["files"] = ["dist", "bin", "script.json", "sql"]), "sql is missing"],
  ["files without bin", (json) => (json["files"] = ["dist", "script.json"]), 'files does not name "bin"'],
  ["an old range", (json) => (json["dependencies"] = { "@org/exit-codes": "^0.0.9" }), "@org/exit-codes is ^0.0.9"],
  [
    "the source condition last",
    (json) => ((json["exports"] as Json)["."] = { types: "./dist/index.d.ts", default: "./dist/index.js", "@org/source": "./src/index.ts" }),
    "exports is",
  ],
];

test.each(faults)("finds %s", (_name, change, expected) => {
  withFixture((fixture) => {
    fixture.edit(`${foo}/package.json`, change);
    expect(found(fixture).join("\n")).toContain(expected);
  });
});

test.each(["README.md", "LICENSE", "src/index.ts", "bin/verify-foo.js", "src/verify-foo.test.ts"])("finds a missing %s", (file) => {
  withFixture((fixture) => {
    rmSync(join(fixture.root, foo, file));
    expect(found(fixture)).toHaveLength(1);
  });
});

test("finds a shim that differs, and one that cannot be executed", () => {
  withFixture((fixture) => {
    fixture.write(`${foo}/bin/verify-foo.js`, 'import("../dist/bin.js");\n');
    expect(found(fixture)).toEqual([expect.stringContaining("differs from the shim")]);
    fixture.write(`${foo}/bin/verify-foo.js`, shimOf("verify-foo", false));
    chmodSync(join(fixture.root, foo, "bin/verify-foo.js"), 0o644);
    expect(found(fixture)).toEqual([expect.stringContaining("is not executable")]);
  });
});

test("a bin that is bundled has a shim that requires it", () => {
  withFixture((fixture) => {
    fixture.edit(`${foo}/package.json`, (json) => Object.assign(json, { bundledBin: true, bin: { "verify-foo": "bin/verify-foo.cjs" } }));
    expect(found(fixture)).toEqual([expect.stringContaining("bin/verify-foo.cjs is missing")]);
    fixture.write(`${foo}/bin/verify-foo.cjs`, shimOf("verify-foo", false));
    expect(found(fixture)).toEqual([expect.stringContaining("bin/verify-foo.cjs differs from the shim")]);
    fixture.write(`${foo}/bin/verify-foo.cjs`, shimOf("verify-foo", true));
    expect(found(fixture)).toEqual([]);
  });
});

/** What is found when the package has these entries beside its main one. */
function foundWith(fixture: Fixture, entries: Json): string[] {
  fixture.edit(`${foo}/package.json`, (json) => {
    const { ".": main, ...rest } = json["exports"] as Json;
    json["exports"] = { ".": main, ...entries, ...rest };
  });
  return found(fixture);
}

const entryOf = (file: string): Json => ({ "@org/source": `./src/${file}.ts`, types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` });

test("takes a further entry of the same shape, in a file or a folder, and one for the workspace alone", () => {
  withFixture((fixture) => {
    fixture.write(`${foo}/src/folder/index.ts`, "export {};\n");
    expect(foundWith(fixture, { "./file": entryOf("file"), "./folder": entryOf("folder/index"), "./inner": { "@org/source": "./src/inner.ts" } })).toEqual([]);
  });
});

test("finds an entry that leads elsewhere", () => {
  withFixture((fixture) => expect(foundWith(fixture, { "./folder": entryOf("folder/index") })).toEqual([expect.stringContaining("exports is")]));
});
