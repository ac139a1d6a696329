import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ScriptError } from "@org/exit-codes";
import { chooseProvider } from "./choose-provider.ts";
import { askExisting, namesPort } from "./existing-server.ts";
import { findOwnServer, type OwnServer } from "./own-server.ts";
import { refuseBusyPort } from "./port-owner.ts";
import { isRunning } from "./process-identity.ts";
import { stopProcess, waitUntilReady, type ServerProcess } from "./server-process.ts";
import { defaultPorts, firstDatabase, type Candidate, type DependenciesRequest, type Evidence, type ProviderName, type Service } from "./service.ts";
import { readState, writeRecord, type ServiceRecord } from "./state-file.ts";
import type { Passwords } from "./passwords.ts";

export interface StartContext {
  readonly service: Service;
  readonly request: DependenciesRequest;
  readonly home: string;
  readonly passwords: Passwords;
  readonly passwordsAreNew: boolean;
}

/** A server that is ready, by whomever it was started. */
export interface ReadyServer {
  readonly provider: ProviderName;
  readonly url: string;
  readonly evidence: Evidence;
  readonly port: number | null;
  readonly pid: number | null;
  readonly dataDir: string | null;
  readonly logFile: string | null;
  readonly startedNow: boolean;
  /** What should be mended although it is ready. */
  readonly warning: { readonly message: string; readonly remedy: string } | undefined;
}

const readyTimeoutMs = 60_000;
/** Five seconds, in which the sessions of a killed server notice that it has gone. */
const attempts = 20;

/** Makes one service ready: what runs already stays as it is. The caller holds the lock. */
export async function startService(context: StartContext): Promise<ReadyServer> {
  const { service, request, passwords } = context;
  const record = (await readState(request.stateDir))[service.name];
  const own = await findOwnServer({ service, request, record, passwords });
  const ownPort = own?.port ?? record?.port;
  const isOurs = ownPort !== undefined && namesPort(request.urls[service.name] ?? "", ownPort);
  const existing = isOurs && request.provider !== "existing" ? ({ state: "unset" } as const) : await askExisting(service, request);
  if (existing.state === "ready") return existingServer(existing.url, existing.evidence);
  const server = own === undefined ? await startAnew(context, record) : await keep(context, own, record);
  if (existing.state === "unset") return server;
  request.logger.warning(`${service.variable} is set, but nothing is ready there: ${existing.reason}`);
  const message = `the other scripts use ${service.variable}, where nothing is ready: ${existing.reason}`;
  return { ...server, warning: { message, remedy: `Remove ${service.variable} or correct it, then run npx @org/start-dependencies --env-file .env.` } };
}

function existingServer(url: string, evidence: Evidence): ReadyServer {
  return { provider: "existing", url, evidence, port: null, pid: null, dataDir: null, logFile: null, startedNow: false, warning: undefined };
}

async function keep(context: StartContext, own: OwnServer, record: ServiceRecord | undefined): Promise<ReadyServer> {
  const { service, request } = context;
  refuseOtherWishes(context, own);
  const exit = (): string | undefined => (own.process === undefined || isRunning(own.process) ? undefined : "it was ended from outside");
  const evidence = await waitForIt(context, { ...own, exit });
  await writeRecord(request.stateDir, service.name, { ...toRecord(own), phase: "running", ...(record?.preloadLibraries !== undefined && { preloadLibraries: record.preloadLibraries }) });
  return { ...ready(context, own, evidence), startedNow: false, warning: preloadWarning(context, record) };
}

function refuseOtherWishes({ service, request }: StartContext, own: OwnServer): void {
  const wanted = request.ports[service.name];
  const hint = "Stop it first: npx @org/start-dependencies stop.";
  if (wanted !== undefined && wanted !== own.port) throw new ScriptError("configuration", `${service.title} runs on port ${own.port} already, not on ${wanted}`, { hint });
  if (request.provider !== undefined && request.provider !== own.provider) throw new ScriptError("configuration", `${service.title} runs already, by the provider ${own.provider} and not ${request.provider}`, { hint });
}

function preloadWarning({ service, request }: StartContext, record: ServiceRecord | undefined): ReadyServer["warning"] {
  if (service.name !== "postgres" || record?.preloadLibraries === undefined || record.preloadLibraries === request.preloadLibraries.join(",")) return undefined;
  return {
    message: `it runs with other shared_preload_libraries (${record.preloadLibraries || "none"}) than the config asks for (${request.preloadLibraries.join(",") || "none"})`,
    remedy: "Restart it: npx @org/start-dependencies stop, then npx @org/start-dependencies.",
  };
}

async function startAnew(context: StartContext, record: ServiceRecord | undefined): Promise<ReadyServer> {
  const { service, request, home } = context;
  const candidate = await chooseProvider({ service, request, record, home });
  const port = request.ports[service.name] ?? record?.port ?? defaultPorts[service.name];
  await refuseBusyPort(service, port);
  const own = describe(context, candidate, port);
  const settings = service.name === "postgres" ? { preloadLibraries: request.preloadLibraries.join(",") } : {};
  await writeRecord(request.stateDir, service.name, { ...toRecord(own), phase: "starting", ...settings });
  request.logger.info(`Starting ${service.title} on port ${port}: ${candidate.description}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchAndWait(context, { candidate, own, settings });
    } catch (error) {
      request.signal.throwIfAborted();
      const other = await findOwnServer({ service, request, record: (await readState(request.stateDir))[service.name], passwords: context.passwords });
      if (other !== undefined) return keep(context, other, record);
      if (attempt === attempts || !service.tryAgain?.test((error as Error).message)) throw error;
      await sleep(250, undefined, { signal: request.signal });
    }
  }
}

interface Launching {
  readonly candidate: Candidate;
  readonly own: OwnServer;
  readonly settings: Pick<ServiceRecord, "preloadLibraries">;
}

async function launchAndWait(context: StartContext, { candidate, own, settings }: Launching): Promise<ReadyServer> {
  const { service, request } = context;
  const started = await launch(context, candidate, own);
  const running: OwnServer = { ...own, process: started && { pid: started.pid, startedAt: started.startedAt } };
  try {
    await writeRecord(request.stateDir, service.name, { ...toRecord(running), phase: "starting", ...settings });
    const evidence = await waitForIt(context, { ...own, exit: started?.exit ?? (() => undefined) });
    await writeRecord(request.stateDir, service.name, { ...toRecord(running), phase: "running", ...settings });
    return { ...ready(context, running, evidence), startedNow: true, warning: undefined };
  } catch (error) {
    if (started !== undefined) await stopProcess(started, service.stopSteps);
    throw error;
  }
}

function describe({ service, request, home }: StartContext, candidate: Candidate, port: number): OwnServer {
  const isContainer = candidate.engine !== undefined;
  return {
    provider: candidate.provider,
    port,
    dataDir: isContainer ? `volume ${service.name}-data` : service.dataDir(home),
    logFile: isContainer ? null : join(request.stateDir, "dependencies", `${service.name}.log`),
    process: undefined,
    engine: candidate.engine,
  };
}

async function launch(context: StartContext, candidate: Candidate, own: OwnServer): Promise<ServerProcess | undefined> {
  const { service, request, home, passwords, passwordsAreNew } = context;
  return candidate.launch({ home, port: own.port, password: passwords[service.name], passwordIsNew: passwordsAreNew, logFile: own.logFile ?? "", request });
}

async function waitForIt(context: StartContext, own: Omit<OwnServer, "process"> & Pick<ServerProcess, "exit">): Promise<Evidence> {
  const { service, request } = context;
  const url = ownUrl(context, own.port, firstDatabase);
  return waitUntilReady<Evidence>({ name: service.title, probe: () => service.probe(url), process: own, logFile: own.logFile ?? "", timeoutMs: readyTimeoutMs, signal: request.signal });
}

function ready(context: StartContext, own: OwnServer, evidence: Evidence): Omit<ReadyServer, "startedNow" | "warning"> {
  return { provider: own.provider, url: ownUrl(context, own.port, context.request.database), evidence, port: own.port, pid: own.process?.pid ?? null, dataDir: own.dataDir, logFile: own.logFile };
}

function ownUrl({ service, passwords }: StartContext, port: number, database: string): string {
  return service.url({ port, password: passwords[service.name], database });
}

function toRecord({ provider, port, dataDir, logFile, process, engine }: OwnServer): Omit<ServiceRecord, "phase"> {
  return { provider, port, dataDir, logFile, ...(process && { process }), ...(engine !== undefined && { engine }) };
}
