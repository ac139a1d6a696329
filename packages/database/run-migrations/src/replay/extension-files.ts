import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ScriptError } from "@org/exit-codes";

export interface ExtensionFile {
  readonly path: string;
  readonly sql: string;
}

/** Reads the SQL files of the config, folders in the order of their names. Throws a ScriptError (configuration) for a path that cannot be read. */
export async function readExtensionFiles(paths: readonly string[], root: string): Promise<readonly ExtensionFile[]> {
  const files: ExtensionFile[] = [];
  for (const path of paths) {
    for (const file of await listed(resolve(root, path))) files.push({ path: file, sql: await readFile(file, "utf8") });
  }
  return files;
}

async function listed(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names.filter((name) => /\.sql$/iu.test(name)).sort().map((name) => join(path, name));
  } catch (cause) {
    throw new ScriptError("configuration", `the extension file ${path} cannot be read: ${(cause as Error).message}`, {
      hint: "Correct extensionFiles in the config.",
      cause,
    });
  }
}
