import { localCache } from "../cache-binaries.ts";
import { launchCache } from "../launch-cache.ts";
import { launchPostgres } from "../launch-postgres.ts";
import { localPostgres } from "../postgres-binaries.ts";
import type { Candidate, Declined, DependenciesRequest, ServiceName } from "../service.ts";

/** The servers that are installed on this machine. `dataMajor` is the version that existing data needs. */
export async function localProvider(service: ServiceName, request: DependenciesRequest, dataMajor: number | undefined): Promise<Candidate | Declined> {
  const searchPath = request.env["PATH"] ?? "";
  return service === "postgres" ? newestPostgres(searchPath, dataMajor) : preferredCache(searchPath);
}

async function newestPostgres(searchPath: string, dataMajor: number | undefined): Promise<Candidate | Declined> {
  const found = await localPostgres(searchPath);
  const binaries = found.find(({ major }) => dataMajor === undefined || major === dataMajor);
  if (binaries !== undefined) {
    const description = `Postgres ${binaries.version} of ${binaries.binDir}`;
    return { provider: "local", description, launch: (launch) => launchPostgres(binaries, launch) };
  }
  if (found.length === 0) return { declined: "no Postgres server is on PATH or in the usual folders" };
  return { declined: `the data was made by Postgres ${dataMajor}, and only ${found.map(({ version }) => version).join(", ")} is installed` };
}

async function preferredCache(searchPath: string): Promise<Candidate | Declined> {
  const binary = await localCache(searchPath);
  if (binary === undefined) return { declined: "none of dragonfly, valkey-server and redis-server is on PATH or in the usual folders" };
  return { provider: "local", description: binary.command, launch: (launch) => launchCache(binary, launch) };
}
