import { possibleHomes } from "./home.ts";
import { portOwner } from "./port-owner.ts";
import { isRunning, processIdentity, type ProcessIdentity } from "./process-identity.ts";
import type { Passwords } from "./passwords.ts";
import { defaultPorts, firstDatabase, type DependenciesRequest, type Service, type StartingProvider } from "./service.ts";
import type { ServiceRecord } from "./state-file.ts";

/** A server that an earlier run started and that is alive now. */
export interface OwnServer {
  readonly provider: StartingProvider;
  readonly port: number;
  readonly dataDir: string;
  readonly logFile: string | null;
  /** Unset for a container. */
  readonly process: ProcessIdentity | undefined;
  readonly engine: string | undefined;
}

export interface OwnServerQuery {
  readonly service: Service;
  readonly request: DependenciesRequest;
  readonly record: ServiceRecord | undefined;
  readonly passwords: Passwords | undefined;
}

/**
 * Finds our server by its record, by the pid file in its data, and last by the port where it answers to the password
 * that only we know: a start that was killed half-way leaves no pid in the record.
 */
export async function findOwnServer(query: OwnServerQuery): Promise<OwnServer | undefined> {
  const { service, record, passwords, request } = query;
  const port = record?.port ?? request.ports[service.name] ?? defaultPorts[service.name];
  const fromRecord = { provider: record?.provider ?? "local", port, dataDir: record?.dataDir ?? "", logFile: record?.logFile ?? null, engine: record?.engine };
  if (record?.process !== undefined && isRunning(record.process)) return { ...fromRecord, process: record.process };
  if (record?.engine === undefined) {
    for (const home of possibleHomes(request.stateDir)) {
      const process = await service.running(home, port);
      if (process !== undefined) return { ...fromRecord, dataDir: service.dataDir(home), process };
    }
  }
  if (record === undefined || passwords === undefined) return undefined;
  const answer = await service.probe(service.url({ port, password: passwords[service.name], database: firstDatabase }));
  if (!answer.ready) return undefined;
  if (record.engine !== undefined) return { ...fromRecord, process: undefined };
  const owner = await portOwner(port);
  const process = owner === undefined ? undefined : processIdentity(owner.pid);
  return process === undefined ? undefined : { ...fromRecord, process };
}
