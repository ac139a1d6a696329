import type { RunContext, Secret } from "@org/script";
import type { FolderStatus, PortStatus, ServiceStatus, ToolStatus } from "./environment-status.ts";

export interface DoctorSettings {
  readonly databaseUrl: Secret | undefined;
  readonly redisUrl: Secret | undefined;
  readonly supabaseUrl: string | undefined;
  readonly supabaseAnonKey: Secret | undefined;
  readonly supabaseServiceKey: Secret | undefined;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** What the checks of this script are handed, those of `platform.config.*` included. */
export interface DoctorContext {
  readonly run: RunContext<DoctorSettings>;
  /** What the env file holds; undefined where there is none. */
  readonly envFile: Variables | undefined;
  /** The environment over the env file: what scripts see. */
  readonly env: Variables;
  readonly seen: Seen;
}

/** What the checks see, for the report and for each other. */
export interface Seen {
  readonly tools: ToolStatus[];
  readonly services: Map<ServiceStatus["name"], ServiceStatus>;
  readonly ports: PortStatus[];
  readonly folders: FolderStatus[];
  /** The database's clock minus ours, in milliseconds. */
  clockOffsetMs?: number;
}
