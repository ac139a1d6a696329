import { askExisting, namesPort } from "./existing-server.ts";
import { findOwnServer } from "./own-server.ts";
import { readPasswords } from "./passwords.ts";
import { firstDatabase, type DependenciesRequest, type Evidence, type ProviderName, type Service } from "./service.ts";
import { readState } from "./state-file.ts";

/** What is there now; nothing is changed. */
export interface ObservedServer {
  readonly state: "ready" | "running" | "stopped";
  readonly provider: ProviderName | null;
  readonly url: string | null;
  readonly evidence: Evidence | undefined;
  /** Why it is not ready. */
  readonly reason: string;
  readonly port: number | null;
  readonly pid: number | null;
  readonly dataDir: string | null;
  readonly logFile: string | null;
}

/** Looks at one service: what somebody's URL names first, then what an earlier run started. */
export async function observeService(service: Service, request: DependenciesRequest): Promise<ObservedServer> {
  const record = (await readState(request.stateDir))[service.name];
  const passwords = await readPasswords(request.stateDir);
  const own = await findOwnServer({ service, request, record, passwords });
  const port = own?.port ?? record?.port;
  const isOurs = port !== undefined && namesPort(request.urls[service.name] ?? "", port);
  const existing = isOurs ? ({ state: "unset" } as const) : await askExisting(service, { ...request, provider: undefined });
  if (existing.state === "ready") return { ...nothing(""), state: "ready", provider: "existing", url: existing.url, evidence: existing.evidence };
  const silent = existing.state === "silent" ? `; nothing is ready at ${service.variable}: ${existing.reason}` : "";
  const kept = { dataDir: record?.dataDir ?? null, logFile: record?.logFile ?? null };
  if (own === undefined) return { ...nothing(`nothing that this project started is running${silent}`), ...kept };
  const place = { provider: own.provider, port: own.port, pid: own.process?.pid ?? null, ...kept };
  if (passwords === undefined) return { ...nothing("its password is lost; start it again to get a new one"), ...place, state: "running" };
  const address = { port: own.port, password: passwords[service.name] };
  const url = service.url({ ...address, database: request.database });
  const answer = await service.probe(service.url({ ...address, database: firstDatabase }));
  return answer.ready ? { ...nothing(""), ...place, state: "ready", url, evidence: answer } : { ...nothing(answer.reason), ...place, state: "running", url };
}

function nothing(reason: string): ObservedServer {
  return { state: "stopped", provider: null, url: null, evidence: undefined, reason, port: null, pid: null, dataDir: null, logFile: null };
}
