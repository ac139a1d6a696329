import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Manifest } from "@org/script";

/** What a check found wrong: where, what, and how to mend it. */
export interface Problem {
  /** A file or folder, relative to the root. */
  readonly where: string;
  readonly what: string;
}

/** A publishable package: everything under `packages/`. */
export interface Package {
  /** Relative to the root, such as `packages/core/env`. */
  readonly folder: string;
  readonly category: string;
  /** The directory name, which is the unscoped name. */
  readonly directory: string;
  readonly json: PackageJson;
  /** `script.json`, for a script. */
  readonly manifest: Manifest | undefined;
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Every package under `packages/`, sorted by folder. */
export function readPackages(root: string): Package[] {
  const files = globSync("packages/*/*/package.json", { cwd: root }).toSorted();
  if (files.length === 0) throw new Error(`${root} has no packages.`);
  return files.map((file) => readPackage(root, dirname(file)));
}

function readPackage(root: string, folder: string): Package {
  const script = join(root, folder, "script.json");
  return {
    folder,
    category: basename(dirname(folder)),
    directory: basename(folder),
    json: readJson(join(root, folder, "package.json")) as PackageJson,
    manifest: existsSync(script) ? (readJson(script) as Manifest) : undefined,
  };
}

/** The scope of the workspace with its sign, such as `@org`. */
export function scopeOf(packages: readonly Package[]): string {
  const scope = /^@[^/]+/.exec(packages[0]?.json.name ?? "")?.[0];
  if (scope === undefined) throw new Error(`${packages[0]?.folder} has no scope in its name.`);
  return scope;
}

/** The committed bin of a script, relative to its package: CommonJS where all that it starts is. */
export function binOf(pkg: Package): string {
  return `bin/${pkg.directory}.${hasBundledBin(pkg) ? "cjs" : "js"}`;
}

/** Whether the build makes one file of the bin and what it imports. */
export function hasBundledBin({ json }: Package): boolean {
  return json["bundledBin"] === true;
}

/** The packages of this workspace that a package needs at run time, itself included. */
export function closure(pkg: Package, packages: readonly Package[]): Package[] {
  const found = new Set([pkg]);
  for (const each of found) {
    for (const name of Object.keys(each.json.dependencies ?? {})) {
      const dependency = packages.find((other) => other.json.name === name);
      if (dependency !== undefined) found.add(dependency);
    }
  }
  return [...found];
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
