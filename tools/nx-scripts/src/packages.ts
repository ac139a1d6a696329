import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Manifest } from "@org/script";

/** A workspace package as the plugin sees it. Paths are relative to the workspace root. */
export interface WorkspacePackage {
  readonly root: string;
  /** The folder above: `verification`, `core`, `tools`, ... */
  readonly category: string;
  /** The scoped name. */
  readonly name: string;
  /** The directory, which is also the unscoped name and the name of the bin. */
  readonly directory: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly hasTests: boolean;
  /** The file of its command, for a package that is a script. */
  readonly bin: string | undefined;
  /** The entries that carry no code for users: JSON files, and sources for this workspace alone. */
  readonly codelessEntries: readonly string[];
  /** `script.json`, for a package that is a script. */
  readonly manifest: Manifest | undefined;
}

/** Reads the package of each `package.json`; files are relative to the workspace root. */
export function readPackages(workspaceRoot: string, files: readonly string[]): WorkspacePackage[] {
  return files.map((file) => readPackage(workspaceRoot, dirname(file)));
}

function readPackage(workspaceRoot: string, root: string): WorkspacePackage {
  const manifest = readJson<PackageJson>(join(workspaceRoot, root, "package.json"));
  const scriptFile = join(workspaceRoot, root, "script.json");
  return {
    root,
    category: basename(dirname(root)),
    name: manifest.name,
    directory: basename(root),
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    codelessEntries: Object.entries(manifest.exports ?? {})
      .filter(([, target]) => typeof target === "string" || target["default"] === undefined)
      .map(([entry]) => entry),
    bin: manifest.bin?.[basename(root)],
    hasTests: globSync("src/**/*.test.ts", { cwd: join(workspaceRoot, root) }).length > 0,
    manifest: existsSync(scriptFile) ? readJson<Manifest>(scriptFile) : undefined,
  };
}

interface PackageJson {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}
