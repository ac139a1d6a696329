import type { EnvFileResult } from "./env-file.ts";
import { maskUrl } from "./mask-url.ts";
import type { ProviderName, ServiceName } from "./service.ts";
import type { ObservedServer } from "./service-status.ts";
import type { ReadyServer } from "./start-service.ts";

/** One service as the report shows it; the URL's password is masked. */
export interface DependencyData {
  readonly service: ServiceName;
  /** `running`: the process is there and does not answer as it should. */
  readonly state: "ready" | "running" | "stopped";
  readonly provider: ProviderName | null;
  readonly url: string | null;
  readonly server: string | null;
  readonly version: string | null;
  readonly port: number | null;
  readonly pid: number | null;
  /** Milliseconds of the query or the PING. */
  readonly answerMs: number | null;
  readonly dataDir: string | null;
  readonly logFile: string | null;
  readonly startedNow: boolean;
}

export interface DependenciesData {
  readonly action: string;
  readonly services: readonly DependencyData[];
  readonly envFile: ({ readonly file: string } & EnvFileResult) | null;
  /** The last lines of each log, for the action `logs`. */
  readonly logs: { readonly [S in ServiceName]?: readonly string[] } | null;
}

/** For the report: what a start made ready, or nothing. */
export function startedData(service: ServiceName, server: ReadyServer | undefined): DependencyData {
  if (server === undefined) return { ...emptyData, service };
  const { evidence, url, provider, port, pid, dataDir, logFile, startedNow } = server;
  return { service, state: "ready", provider, url: maskUrl(url), ...answered(evidence), port, pid, dataDir, logFile, startedNow };
}

/** For the report: what a look found. */
export function observedData(service: ServiceName, { state, provider, url, evidence, port, pid, dataDir, logFile }: ObservedServer): DependencyData {
  return { ...emptyData, service, state, provider, url: url === null ? null : maskUrl(url), ...(evidence && answered(evidence)), port, pid, dataDir, logFile };
}

function answered({ server, version, durationMs }: ReadyServer["evidence"]): Pick<DependencyData, "server" | "version" | "answerMs"> {
  return { server, version, answerMs: round(durationMs) };
}

const emptyData = { state: "stopped", provider: null, url: null, server: null, version: null, port: null, pid: null, answerMs: null, dataDir: null, logFile: null, startedNow: false } as const;

/** To a tenth. */
export function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
