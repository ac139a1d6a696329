import { existsSync, promises } from "node:fs";
import { dirname, extname, join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { importFile } from "./import-file.ts";

export const configFileNames: readonly string[] = ["ts", "mts", "js", "mjs", "json", "yaml", "yml"].map(
  (extension) => `platform.config.${extension}`,
);

/**
 * The nearest `platform.config.*` in `folder` or above it, or undefined.
 * Throws ScriptError(configuration) when one folder holds two of them.
 */
export function findConfigFile(folder: string): string | undefined {
  const found = configFileNames.map((name) => join(folder, name)).filter((file) => existsSync(file));
  if (found.length > 1) {
    throw new ScriptError("configuration", `there are ${found.length} config files: ${found.join(", ")}`, {
      hint: "Keep one of them, or name it with --config.",
    });
  }
  const parent = dirname(folder);
  return found[0] ?? (parent === folder ? undefined : findConfigFile(parent));
}

/** What a config file holds, not yet validated. Throws ScriptError(configuration) with the parser's own reason. */
export async function loadConfigFile(file: string): Promise<unknown> {
  try {
    return await loaderOf(file)(file);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ScriptError("configuration", `the config file ${file} cannot be loaded: ${(error as Error).message}`, {
      hint: missing ? "Name an existing file with --config." : "Correct the file; it must hold or default-export the config.",
      cause: error,
    });
  }
}

function loaderOf(file: string): (file: string) => Promise<unknown> {
  const loader = loaders[extname(file)];
  if (loader === undefined) throw new Error(`its extension is none of ${Object.keys(loaders).join(", ")}`);
  return loader;
}

async function loadModule(file: string): Promise<unknown> {
  const module = (await importFile(file)) as { readonly default?: unknown };
  if (module.default === undefined) throw new Error("it has no default export");
  return module.default;
}

async function loadJson(file: string): Promise<unknown> {
  return JSON.parse(await promises.readFile(file, "utf8")) as unknown;
}

async function loadYaml(file: string): Promise<unknown> {
  const { parse } = await import("yaml");
  return parse(await promises.readFile(file, "utf8")) as unknown;
}

const loaders: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  ".ts": loadModule,
  ".mts": loadModule,
  ".js": loadModule,
  ".mjs": loadModule,
  ".json": loadJson,
  ".yaml": loadYaml,
  ".yml": loadYaml,
};
