import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { binOf, hasBundledBin, readJson, scopeOf, type Package, type Problem } from "./workspace.ts";

/** One shape for every published package: names, exports, files, metadata and the shim of its bin. */
export function checkPackageNorm(root: string, packages: readonly Package[]): Problem[] {
  const scope = scopeOf(packages);
  return packages.flatMap((pkg) => [
    ...fields(root, pkg, scope),
    ...dependencyRanges(pkg, packages),
    ...files(root, pkg),
    ...(pkg.manifest === undefined ? [] : shim(root, pkg)),
  ]);
}

function fields(root: string, pkg: Package, scope: string): Problem[] {
  const expected: Record<string, unknown> = {
    name: `${scope}/${pkg.directory}`,
    license: "MIT",
    type: "module",
    bin: pkg.manifest === undefined ? undefined : { [pkg.directory]: binOf(pkg) },
    exports: {
      ".": conditions("index", scope),
      ...furtherEntries(root, pkg, scope),
      ...(pkg.manifest === undefined ? {} : { "./script.json": "./script.json" }),
      "./package.json": "./package.json",
    },
    sideEffects: false,
    engines: { node: ">=22.18" },
    publishConfig: { access: "public" },
    scripts: undefined,
    private: undefined,
    ...(pkg.manifest === undefined ? {} : { description: pkg.manifest.summary }),
  };
  const wrong = Object.keys(expected).filter((field) => !same(pkg.json[field], expected[field]));
  return [
    ...wrong.map((field) => problem(pkg, `${field} is ${JSON.stringify(pkg.json[field])}, not ${JSON.stringify(expected[field])}.`)),
    ...repository(pkg),
  ];
}

// A package may have further entries: data files, code of the same shape in a file or a folder, and sources for this workspace alone.
function furtherEntries(root: string, pkg: Package, scope: string): Record<string, unknown> {
  const common = [".", "./script.json", "./package.json"];
  const written = Object.entries((pkg.json["exports"] ?? {}) as Record<string, string | object>).filter(([entry]) => !common.includes(entry));
  return Object.fromEntries(written.map(([entry, target]) => [entry, typeof target === "string" ? entry : codeEntry(entry, target, { source: join(root, pkg.folder, "src"), scope })]));
}

function codeEntry(entry: string, target: object, { source, scope }: { readonly source: string; readonly scope: string }): unknown {
  const file = entry.slice("./".length);
  const isFolder = existsSync(join(source, file, "index.ts")) && !existsSync(join(source, `${file}.ts`));
  const all = conditions(isFolder ? `${file}/index` : file, scope);
  return Object.keys(target).length === 1 ? { [`${scope}/source`]: all[`${scope}/source`] } : all;
}

function conditions(file: string, scope: string): Record<string, string> {
  return { [`${scope}/source`]: `./src/${file}.ts`, types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` };
}

// The order of the conditions of "exports" decides which one wins, so it counts.
function same(actual: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(actual, expected) && JSON.stringify(actual) === JSON.stringify(expected);
}

function repository(pkg: Package): Problem[] {
  const { directory, url } = (pkg.json["repository"] ?? {}) as { directory?: string; url?: string };
  return [
    ...(directory === pkg.folder ? [] : [problem(pkg, `repository.directory is ${JSON.stringify(directory)}, not "${pkg.folder}".`)]),
    ...(url?.startsWith("git+https://") === true ? [] : [problem(pkg, `repository.url is ${JSON.stringify(url)}, which npm cannot verify for provenance.`)]),
    ...(String(pkg.json["homepage"]).includes(pkg.folder) ? [] : [problem(pkg, `homepage does not lead to ${pkg.folder}.`)]),
    ...(pkg.json.description === undefined ? [problem(pkg, "description is missing.")] : []),
  ];
}

function dependencyRanges(pkg: Package, packages: readonly Package[]): Problem[] {
  const wanted = new Map(packages.map((other) => [other.json.name, `^${other.json.version}`]));
  return Object.entries(pkg.json.dependencies ?? {})
    .filter(([name, range]) => wanted.has(name) && wanted.get(name) !== range)
    .map(([name, range]) => problem(pkg, `dependencies: ${name} is ${range}, but the workspace holds ${wanted.get(name)?.slice(1)}.`));
}

function files(root: string, pkg: Package): Problem[] {
  const needed = ["README.md", "LICENSE", "src/index.ts", "tsconfig.json", "tsconfig.build.json"];
  const published = pkg.json["files"] as readonly string[];
  const wanted = pkg.manifest === undefined ? ["dist"] : ["bin", "dist", "script.json"];
  const missing = [...needed, ...published.filter((file) => file !== "dist")].filter((file) => !existsSync(join(root, pkg.folder, file)));
  return [
    ...wanted.filter((file) => !published.includes(file)).map((file) => problem(pkg, `files does not name "${file}".`)),
    ...missing.map((file) => problem(pkg, `${file} is missing.`)),
    ...(existsSync(join(root, pkg.folder, "LICENSE")) ? differsFromRoot(root, pkg, "LICENSE") : []),
    ...(globSync("src/**/*.test.ts", { cwd: join(root, pkg.folder) }).length > 0 ? [] : [problem(pkg, "has no tests.")]),
    ...(missing.includes("tsconfig.json") ? [] : extendsBase(root, pkg)),
  ];
}

function differsFromRoot(root: string, pkg: Package, file: string): Problem[] {
  const same = readFileSync(join(root, file), "utf8") === readFileSync(join(root, pkg.folder, file), "utf8");
  return same ? [] : [problem(pkg, `${file} differs from the one at the root.`)];
}

function extendsBase(root: string, pkg: Package): Problem[] {
  const config = readJson(join(root, pkg.folder, "tsconfig.json")) as { extends?: string };
  return config.extends === "../../../tsconfig.base.json" ? [] : [problem(pkg, "tsconfig.json does not extend the base of the root.")];
}

function shim(root: string, pkg: Package): Problem[] {
  const bin = binOf(pkg);
  const file = join(root, pkg.folder, bin);
  if (!existsSync(file)) return [problem(pkg, `${bin} is missing.`)];
  return [
    ...(readFileSync(file, "utf8") === shimOf(pkg.directory, hasBundledBin(pkg)) ? [] : [problem(pkg, `${bin} differs from the shim of the other scripts.`)]),
    ...((statSync(file).mode & 0o111) === 0 && process.platform !== "win32" ? [problem(pkg, `${bin} is not executable.`)] : []),
  ];
}

/**
 * The committed bin of a script: npm links it before anything is built, and any Node can parse it. Without the `--` Node
 * itself would take `--env-file`, wherever it stands. A bundled one is there to start and end soon: with one helper thread
 * and little room for young objects Node leaves the memory and the processors to the server, and is gone sooner.
 */
export function shimOf(script: string, isBundled: boolean): string {
  return `#!/usr/bin/env -S node ${isBundled ? "--v8-pool-size=1 --max-semi-space-size=2 " : ""}--
// Plain old syntax: this file must parse on any Node, to say which one is needed.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  process.stderr.write("${script} needs Node 22.18 or newer; this is " + process.versions.node + ".\\n");
  process.exitCode = 2;
} else {
  ${isBundled ? 'require("../dist/launch.cjs")' : 'import("../dist/bin.js")'};
}
`;
}

function problem(pkg: Package, what: string): Problem {
  return { where: pkg.folder, what };
}
