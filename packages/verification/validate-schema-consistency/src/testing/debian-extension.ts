import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runProcess } from "@org/testkit";

const tool = resolve(import.meta.dirname, "../../../../../tools/ci-packages.sh");

export interface DebianExtension {
  /** The path of the library, for shared_preload_libraries. */
  readonly library: string;
  /** What CREATE EXTENSION would run: the system's folder of extensions is nobody's to write to. */
  readonly statements: readonly string[];
}

/** An extension as Debian packages it for the version of Postgres that it has. */
export async function debianExtension(name: "plpgsql_check" | "pg_cron"): Promise<DebianExtension> {
  const { exitCode, stdout, stderr } = await runProcess(tool, [name], { timeout: 300_000 });
  if (exitCode !== 0) throw new Error(`${name} cannot be had: ${stderr}`);
  const library = stdout.trim();
  const folder = resolve(library, "../../../../../share/postgresql/15/extension");
  const scripts = await Promise.all(inOrder(name, await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")));
  const statements = scripts.map((text) => text.replaceAll(/^\\.*$|^SELECT pg_catalog\.pg_extension_config_dump.*$/gmu, "").replaceAll("MODULE_PATHNAME", library).replaceAll("@extschema@", "public"));
  return { library, statements };
}

/** The script of the first version, then those that lead from one version to the next. */
function inOrder(name: string, files: readonly string[]): readonly string[] {
  const scripts = files.filter((file) => file.startsWith(`${name}--`) && file.endsWith(".sql")).map((file) => ({ file, versions: file.slice(name.length + 2, -4).split("--") }));
  const ordered = scripts.filter(({ versions }) => versions.length === 1);
  for (let next = ordered[0]; next !== undefined; ) {
    const version = next.versions.at(-1);
    next = scripts.find(({ versions: [from, to] }) => from === version && to !== undefined);
    if (next !== undefined) ordered.push(next);
  }
  return ordered.map(({ file }) => file);
}
