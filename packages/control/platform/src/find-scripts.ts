import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ScriptError } from "@org/exit-codes";
import type { Manifest } from "@org/script";
import type { PlatformScript } from "./order.ts";

export interface ScriptPlaces {
  /** The package that lists the platform's own scripts as dependencies. */
  readonly package: { readonly name: string; readonly dependencies: Readonly<Record<string, string>> };
  /** Which scripts to take; all that the package depends on when absent. Unscoped names belong to the package's scope. */
  readonly only?: readonly string[] | undefined;
  /** The platform's folder: its own scripts are installed there. */
  readonly root: string;
}

/** The scripts of a platform with their manifests. Throws ScriptError(dependency) for one that is not installed. */
export async function findScripts({ package: own, only, root }: ScriptPlaces): Promise<PlatformScript[]> {
  const scope = own.name.slice(0, own.name.indexOf("/") + 1);
  const wanted = only?.map((name) => (name.startsWith("@") ? name : `${scope}${name}`)) ?? Object.keys(own.dependencies);
  const found = await Promise.all(wanted.map((name) => readScript(name, root)));
  const libraries = wanted.filter((_, index) => found[index] === undefined);
  if (only !== undefined && libraries.length > 0) throw notAScript(libraries);
  return found.filter((script) => script !== undefined);
}

async function readScript(name: string, root: string): Promise<PlatformScript | undefined> {
  const folder = dirname(resolvePackage(name, root));
  const { bin } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { readonly bin?: Readonly<Record<string, string>> };
  const [command] = Object.entries(bin ?? {});
  if (command === undefined) return undefined;
  const manifest = JSON.parse(await readFile(join(folder, "script.json"), "utf8")) as Manifest;
  return { name: command[0], manifest, bin: join(folder, command[1]) };
}

/** The platform's own scripts come with this package; others are installed beside the config file. */
function resolvePackage(name: string, root: string): string {
  for (const from of [import.meta.url, pathToFileURL(join(root, "package.json")).href]) {
    try {
      return createRequire(from).resolve(`${name}/package.json`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new ScriptError("dependency", `the script ${name} is not installed`, { hint: `Run npm install ${name}.` });
}

function notAScript(names: readonly string[]): ScriptError {
  return new ScriptError("configuration", `${names.join(", ")} in "scripts" of the config ${names.length === 1 ? "is no script" : "are no scripts"}`, {
    hint: "List packages that have a bin and a script.json.",
  });
}
