import { expect, test } from "vitest";
import { extensionFinding } from "./assess.ts";
import type { AvailableVersion, ExtensionFacts, ExtensionState, InstalledExtension } from "./extension-state.ts";
import { readManifest } from "./manifest.ts";
import { planExtensions } from "./plan.ts";

function version(text: string, facts: Partial<AvailableVersion> = {}): AvailableVersion {
  return { version: text, superuser: true, trusted: true, schema: null, requires: [], ...facts };
}

function extension(name: string, facts: Partial<ExtensionFacts> = {}): ExtensionFacts {
  return { name, defaultVersion: "1.0", versions: [version("1.0")], installed: null, ...facts };
}

function installedAs(text: string, facts: Partial<InstalledExtension> = {}): InstalledExtension {
  return { version: text, schema: "public", relocatable: true, owner: "me", owned: true, usable: true, updates: [], ...facts };
}

function server(extensions: readonly ExtensionFacts[], facts: Partial<ExtensionState> = {}): ExtensionState {
  const named = new Map(extensions.map((one) => [one.name, one]));
  const role = { role: "me", isSuperuser: true, mayCreate: true, database: "db" };
  return { serverMajor: 15, ...role, preloadLibraries: [], settingPrefixes: new Set(), schemas: new Set(["public"]), extensions: named, ...facts };
}

const sqlOf = (...plan: Parameters<typeof planExtensions>): string[] => planExtensions(...plan).steps.map(({ sql }) => sql);

test("what is required comes first, whether the manifest lists it or not, and in the same schema", () => {
  const state = server([
    extension("top", { versions: [version("1.0", { requires: ["middle", "other"] })] }),
    extension("middle", { versions: [version("1.0", { requires: ["bottom"] })] }),
    extension("bottom"),
    extension("other"),
  ]);
  const manifest = readManifest([{ name: "top", schema: "public" }, { name: "other" }]);
  expect(sqlOf(manifest, state)).toEqual([
    'CREATE EXTENSION IF NOT EXISTS "bottom" WITH SCHEMA "public";',
    'CREATE EXTENSION IF NOT EXISTS "middle" WITH SCHEMA "public";',
    'CREATE EXTENSION IF NOT EXISTS "other";',
    'CREATE EXTENSION IF NOT EXISTS "top" WITH SCHEMA "public";',
  ]);
  expect(planExtensions(manifest, state).steps[0]?.reason).toMatch(/^top requires it/u);
});

test("extensions that require each other end the planning all the same", () => {
  const circle = [extension("a", { versions: [version("1.0", { requires: ["b"] })] }), extension("b", { versions: [version("1.0", { requires: ["a"] })] })];
  expect(sqlOf(readManifest([{ name: "a" }]), server(circle))).toHaveLength(2);
});

test("what requires something that cannot be had is blocked and says so", () => {
  const state = server([extension("top", { versions: [version("1.0", { requires: ["gone"] })] })]);
  const { steps, blocked } = planExtensions(readManifest([{ name: "top" }]), state);
  expect(steps).toEqual([]);
  expect(blocked.find(({ name }) => name === "top")?.shortcomings).toMatchObject([{ evidence: "requires gone, which cannot be deployed", code: "dependency" }]);
});

test("names that SQL must quote are quoted, and a schema is made once", () => {
  const name = 'x"; DROP TABLE t; --';
  const manifest = readManifest([{ name, schema: name }, { name: "y", schema: name }]);
  expect(sqlOf(manifest, server([extension(name), extension("y")]))).toEqual([
    'CREATE SCHEMA IF NOT EXISTS "x""; DROP TABLE t; --";',
    'GRANT USAGE ON SCHEMA "x""; DROP TABLE t; --" TO PUBLIC;',
    'CREATE EXTENSION IF NOT EXISTS "x""; DROP TABLE t; --" WITH SCHEMA "x""; DROP TABLE t; --";',
    'CREATE EXTENSION IF NOT EXISTS "y" WITH SCHEMA "x""; DROP TABLE t; --";',
  ]);
});

test("the version to install is the default where it will do, else the newest that does", () => {
  const facts = extension("x", { defaultVersion: "1.2", versions: [version("1.10"), version("1.9"), version("1.2")] });
  expect(sqlOf(readManifest([{ name: "x", version: ">=1" }]), server([facts]))).toEqual(['CREATE EXTENSION IF NOT EXISTS "x";']);
  expect(sqlOf(readManifest([{ name: "x", version: ">=1.3" }]), server([facts]))).toEqual([`CREATE EXTENSION IF NOT EXISTS "x" WITH VERSION '1.10';`]);
  expect(planExtensions(readManifest([{ name: "x", version: ">=2" }]), server([facts])).blocked[0]?.shortcomings[0]?.evidence).toMatch(/the server has 1\.10, 1\.9, 1\.2/u);
});

test("an update goes where a path leads, and never out of the range", () => {
  const facts = (updates: string[]): ExtensionState =>
    server([extension("x", { defaultVersion: "2.0", versions: [version("2.0"), version("1.5")], installed: installedAs("1.0", { updates }) })]);
  expect(sqlOf(readManifest([{ name: "x", version: ">=1.0" }]), facts(["1.5", "2.0"]))).toEqual([`ALTER EXTENSION "x" UPDATE TO '2.0';`]);
  expect(sqlOf(readManifest([{ name: "x", version: ">=1.0 <2" }]), facts(["1.5", "2.0"]))).toEqual([`ALTER EXTENSION "x" UPDATE TO '1.5';`]);
  expect(sqlOf(readManifest([{ name: "x", version: "1.0" }]), facts(["1.5", "2.0"]))).toEqual([]);
  expect(planExtensions(readManifest([{ name: "x", version: ">=2" }]), facts([])).blocked[0]?.shortcomings).toMatchObject([{ kind: "outdated", code: "dependency" }]);
});

test("what the role lacks is told with the statement that helps", () => {
  const state = server([extension("t"), extension("s", { versions: [version("1.0", { trusted: false })] })], { isSuperuser: false, mayCreate: false });
  const lacks = planExtensions(readManifest([{ name: "t" }, { name: "s", schema: "new" }]), state).steps.map((step) => step.lacks?.remedy);
  const grant = 'Let an administrator run: GRANT CREATE ON DATABASE "db" TO "me";';
  const create = 'CREATE SCHEMA IF NOT EXISTS "new"; GRANT USAGE ON SCHEMA "new" TO PUBLIC; CREATE EXTENSION IF NOT EXISTS "s" WITH SCHEMA "new";';
  expect(lacks).toEqual([grant, grant, undefined, `Let an administrator run: ${create}`]);
});

test("a library that must be preloaded is told with the exact setting, and never taken for loaded", () => {
  const [wanted] = readManifest([{ name: "pg_cron" }]);
  const facts = [extension("pg_cron", { installed: installedAs("1.0") })];
  expect(extensionFinding(wanted!, server(facts, { preloadLibraries: ["pgaudit"] }))).toMatchObject({
    verdict: "fail",
    code: "dependency",
    remedy: "Set shared_preload_libraries = 'pgaudit,pg_cron' in postgresql.conf (or let an administrator run: ALTER SYSTEM SET shared_preload_libraries = 'pgaudit', 'pg_cron';), then restart the server.",
  });
  expect(extensionFinding(wanted!, server(facts, { preloadLibraries: ["$libdir/pg_cron"] })).verdict).toBe("pass");
  expect(extensionFinding(wanted!, server(facts, { preloadLibraries: null }))).toMatchObject({ verdict: "unknown", code: "permission", remedy: expect.stringMatching(/GRANT pg_read_all_settings TO "me";/u) });
  expect(extensionFinding(wanted!, server(facts, { preloadLibraries: null, settingPrefixes: new Set(["cron"]) })).verdict).toBe("pass");
  expect(extensionFinding({ ...wanted!, preload: false }, server(facts)).verdict).toBe("pass");
});

test("all problems of a manifest are told together", () => {
  const read = (): unknown => readManifest([{ name: "a", version: "newest" }, { name: "b" }, { name: "b" }, { name: "c\0" }]);
  expect(read).toThrow(/3 problems:\n.*extensions\[0\]\.version.*"newest".*\n.*"b" a second time\n.*extensions\[3\]\.name contains a NUL/u);
});
