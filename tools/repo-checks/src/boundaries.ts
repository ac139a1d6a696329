import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { scopeOf, type Package, type Problem } from "./workspace.ts";

/** The core packages from the lowest layer up; each may import those before it. */
const layers = ["exit-codes", "env", "logging", "postgres", "cache", "script"];

/** The one verification that imports from database: drift is the difference to what the migrations produce. */
const exceptions = new Map([["validate-schema-consistency", ["run-migrations"]]]);

/**
 * Who may import whom. A core package: the layers below it. A script: the core packages, and the scripts that its
 * manifest names in `after`, but verification none of database. The entry point of `control`: every
 * script. Tests may use the testkit too. Nobody crosses a package border by a relative path.
 */
export function checkBoundaries(root: string, packages: readonly Package[]): Problem[] {
  const scope = scopeOf(packages);
  return packages.flatMap((pkg) => {
    const allowed = new Set(allowedImports(pkg, packages).map((name) => `${scope}/${name}`));
    return globSync("src/**/*.ts", { cwd: join(root, pkg.folder) }).toSorted().flatMap((file) => {
      const imports = importsOf(readFileSync(join(root, pkg.folder, file), "utf8"));
      const problems = imports.flatMap((specifier) => faultOf({ specifier, file, scope, allowed }));
      return problems.map((what) => ({ where: `${pkg.folder}/${file}`, what }));
    });
  });
}

function allowedImports(pkg: Package, packages: readonly Package[]): string[] {
  if (pkg.category === "core") return [...layers.slice(0, layers.indexOf(pkg.directory)), pkg.directory];
  const scripts = packages.filter((other) => other.manifest !== undefined);
  if (pkg.category === "control") return [...layers, ...scripts.map((other) => other.directory)];
  const database = scripts.filter((other) => other.category === "database").map((other) => other.directory);
  const forbidden = pkg.category === "verification" ? database.filter((name) => exceptions.get(pkg.directory)?.includes(name) !== true) : [];
  return [...layers, ...(pkg.manifest?.after ?? []).filter((name) => !forbidden.includes(name))];
}

interface Import {
  readonly specifier: string;
  readonly file: string;
  readonly scope: string;
  readonly allowed: ReadonlySet<string>;
}

function faultOf({ specifier, file, scope, allowed }: Import): string[] {
  const isTest = /\.(test|bench)\.ts$|(^|\/)testing\//.test(file);
  if (specifier.startsWith(".")) return leavesPackage(specifier, file) ? [`"${specifier}" leaves the package: import it by its name.`] : [];
  if (specifier === "process" || specifier === "node:process") return [`"${specifier}" is imported: only bin.ts touches the process.`];
  if (builtinModules.includes(specifier)) return [`"${specifier}" is a module of Node: write "node:${specifier}".`];
  if (!specifier.startsWith(`${scope}/`)) return [];
  const name = specifier.split("/").slice(0, 2).join("/");
  if (isTest) return [];
  return allowed.has(name) ? [] : [`${specifier} may not be imported here: it is no lower layer and no script of "after".`];
}

// Files sit in src/: from there, one step up is the package itself (package.json, script.json).
function leavesPackage(specifier: string, file: string): boolean {
  const stepsUp = specifier.split("/").filter((part) => part === "..").length;
  return stepsUp > file.split("/").length - 1;
}

/** The specifiers of all static and dynamic imports, in the order of the text. */
export function importsOf(source: string): string[] {
  const withoutComments = source.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  const pattern = /^\s*(?:import|export)\b[^"'`;]*?from\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*[,)]/gm;
  return [...withoutComments.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}
