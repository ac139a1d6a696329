import { stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { listFiles } from "./list-files.ts";
import { printable } from "./printable.ts";
import { readSql, type Migration } from "./read-migrations.ts";
import { repeatableKey } from "./repeatables.ts";

/**
 * Reads the seeds of the config: SQL files, and those of folders by name, numbers as numbers. Throws a ScriptError (configuration) with all problems
 * together.
 */
export async function readSeeds(paths: readonly string[], root: string): Promise<readonly Migration[]> {
  const problems: string[] = [];
  const seeds: Migration[] = [];
  for (const path of paths) {
    for (const found of await listSeeds(resolve(root, path), problems)) {
      const file = relative(root, found).replaceAll(sep, "/");
      if (seeds.some((seed) => seed.file === file)) problems.push(`${printable(file)}: it is named twice`);
      else seeds.push({ ...readSql(found, file, problems), version: repeatableKey("seed", file), name: basename(file, ".sql"), down: undefined });
    }
  }
  if (problems.length === 0) return seeds;
  throw new ScriptError("configuration", `the seeds cannot be used: ${problems.join("; ")}`, { hint: "Correct the files, or migrations.seeds in the config." });
}

async function listSeeds(path: string, problems: string[]): Promise<readonly string[]> {
  const found = await stat(path).catch((error: unknown) => void problems.push(`${printable(path)}: ${printable((error as Error).message)}`));
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const { files } = listFiles(path, 0);
  if (files.length === 0) problems.push(`${printable(path)}: it holds no SQL file`);
  const byName = new Intl.Collator("en", { numeric: true });
  return files.toSorted((a, b) => byName.compare(a, b) || (a < b ? -1 : 1)).map((file) => join(path, file));
}
