import { chooseProvider } from "./choose-provider.ts";
import { possibleHomes, presentHome } from "./home.ts";
import { refuseBusyPort } from "./port-owner.ts";
import { defaultPorts, type DependenciesRequest, type Service } from "./service.ts";
import { observeService } from "./service-status.ts";
import { readState } from "./state-file.ts";

/** What a start or a stop would do, in one sentence. Nothing is changed. Throws what the start itself would throw. */
export async function planService(service: Service, request: DependenciesRequest, action: string): Promise<string> {
  const { state, provider, port, pid } = await observeService(service, request);
  const isOurs = provider !== null && provider !== "existing";
  const place = `${pid === null ? "the container" : `process ${pid}`} on port ${port}`;
  if (action === "stop") return isOurs ? `would stop ${place}` : "nothing that this project started is running";
  if (isOurs) return `${place} is ${state} already; nothing would be started`;
  if (state === "ready") return `${service.variable} answers; nothing would be started`;
  const record = (await readState(request.stateDir))[service.name];
  const home = (await presentHome(request.stateDir)) ?? possibleHomes(request.stateDir)[0];
  const candidate = await chooseProvider({ service, request, record, home });
  const wanted = request.ports[service.name] ?? record?.port ?? defaultPorts[service.name];
  await refuseBusyPort(service, wanted);
  return `would start ${candidate.description} on port ${wanted}`;
}
