import { cp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { canExecute, postgresOsUser, type OsUser } from "./os-user.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { dataDirMajor, initialiseDataDir, makePostgresFolder, setPassword, startPostgres } from "./postgres-server.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Launch } from "./service.ts";

/** Makes the data directory where it is missing and starts Postgres on it. */
export async function launchPostgres(found: PostgresBinaries, launch: Launch): Promise<ServerProcess> {
  const { home, port, password, logFile, request } = launch;
  const osUser = await postgresOsUser();
  const binaries = await reachableBinaries(found, launch, osUser);
  const folder = join(home, "postgres");
  const dataDir = join(folder, "data");
  await makePostgresFolder(folder, osUser);
  const isNew = (await dataDirMajor(dataDir)) === undefined;
  if (isNew) request.logger.info(`Making the data directory ${dataDir}`);
  await initialiseDataDir({ binaries, dataDir, password, osUser, signal: request.signal });
  if (!isNew && launch.passwordIsNew) {
    request.logger.warning(`The password of ${dataDir} was lost; it gets a new one`);
    await setPassword({ binaries, dataDir, password, osUser, signal: request.signal });
  }
  return startPostgres({ binaries, dataDir, port, logFile, osUser, settings: developmentSettings(request.preloadLibraries) });
}

function developmentSettings(preloadLibraries: readonly string[]): Record<string, string | number> {
  return {
    password_encryption: "scram-sha-256",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u@%d ",
    log_lock_waits: "on",
    ...(preloadLibraries.length > 0 && { shared_preload_libraries: preloadLibraries.join(",") }),
  };
}

/** The user that Postgres runs as cannot enter every project's node_modules: then the server is copied to where its data is. */
async function reachableBinaries(binaries: PostgresBinaries, { home, request }: Launch, osUser: OsUser | undefined): Promise<PostgresBinaries> {
  if (osUser === undefined || canExecute(join(binaries.binDir, "postgres"), osUser)) return binaries;
  if (binaries.origin === "local") throw new ScriptError("permission", `the user ${osUser.name}, as whom Postgres runs, may not execute ${binaries.binDir}/postgres`, { hint: `Let ${osUser.name} read and execute that folder.` });
  const copy = join(home, `postgres-${binaries.version}`);
  const copied = { ...binaries, binDir: join(copy, "bin") };
  if (canExecute(join(copied.binDir, "postgres"), osUser)) return copied;
  request.logger.info(`Copying Postgres ${binaries.version} to ${copy}, because the user ${osUser.name} cannot enter ${binaries.binDir}`);
  await rm(copy, { recursive: true, force: true });
  await cp(dirname(binaries.binDir), copy, { recursive: true, verbatimSymlinks: true });
  return copied;
}
