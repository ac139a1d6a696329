import { ScriptError } from "@org/exit-codes";
import { containerProvider } from "./providers/container.ts";
import { embeddedProvider } from "./providers/embedded.ts";
import { localProvider } from "./providers/local.ts";
import { dataDirMajor } from "./postgres-server.ts";
import { postgresDataDir } from "./home.ts";
import type { Candidate, Declined, DependenciesRequest, Service, StartingProvider } from "./service.ts";
import type { ServiceRecord } from "./state-file.ts";

export interface Choice {
  readonly service: Service;
  readonly request: DependenciesRequest;
  readonly record: ServiceRecord | undefined;
  readonly home: string;
}

/** The first provider that can give the service. Throws ScriptError(dependency) with the reason of each when none can. */
export async function chooseProvider(choice: Choice): Promise<Candidate> {
  const { service, request } = choice;
  const refusals: string[] = [];
  for (const provider of providersToAsk(choice)) {
    const answer = await ask(provider, choice);
    if (!("declined" in answer)) return answer;
    refusals.push(`${provider}: ${answer.declined}`);
    request.logger.info(`Not ${provider} for ${service.title}: ${answer.declined}`);
  }
  throw new ScriptError("dependency", `no provider can give ${service.title}: ${refusals.join("; ")}`, { hint: hint(request, refusals.join()) });
}

/** Data that exists decides: another provider would begin with an empty server. Local and embedded servers share their data. */
function providersToAsk({ request, record }: Choice): readonly StartingProvider[] {
  if (request.provider === "existing") return [];
  if (request.provider !== undefined) return [request.provider];
  if (record === undefined || record.phase === "purged") return ["container", "local", "embedded"];
  return record.provider === "container" ? ["container"] : ["local", "embedded"];
}

async function ask(provider: StartingProvider, { service, request, home }: Choice): Promise<Candidate | Declined> {
  if (provider === "container") return containerProvider(service.name, request);
  const dataMajor = service.name === "postgres" ? await dataDirMajor(postgresDataDir(home)) : undefined;
  return provider === "local" ? localProvider(service.name, request, dataMajor) : embeddedProvider(service.name, request, dataMajor);
}

function hint({ install }: DependenciesRequest, refusals: string): string {
  if (!install && refusals.includes("with --install")) return "Run npx @org/start-dependencies --install, or install a server yourself.";
  return "Install a server, start a container engine, or force another provider with --provider.";
}
