import type { SettingSource } from "@org/script";

export interface ToolStatus {
  readonly name: string;
  /** Null where the tool is not found. */
  readonly version: string | null;
  /** The oldest version that will do. */
  readonly minimum: string;
  readonly required: boolean;
  /** The scripts that use it. */
  readonly neededBy: readonly string[];
}

export interface SettingStatus {
  /** The environment variable. */
  readonly variable: string;
  /** Masked where it is a secret; null where it is not set. */
  readonly value: string | null;
  readonly source: SettingSource["kind"];
  /** The env or config file that holds it. */
  readonly file: string | null;
}

export interface ServiceStatus {
  readonly name: "postgres" | "cache";
  /** Without the password; null where no URL is set. */
  readonly target: string | null;
  readonly reachable: boolean;
  readonly version: string | null;
}

export interface PortStatus {
  readonly port: number;
  readonly state: "free" | "expected" | "taken";
  /** The process that listens, as far as this user may see it. */
  readonly owner: string | null;
}

export interface FolderStatus {
  readonly role: "state" | "reports";
  readonly path: string;
  readonly freeMegabytes: number;
}

/** What the doctor saw; the list of each kind is in a stable order. */
export interface EnvironmentStatus {
  /** The version of Node that runs this. */
  readonly node: string;
  readonly environment: string;
  readonly configFile: string | null;
  readonly envFile: string | null;
  readonly tools: readonly ToolStatus[];
  readonly settings: readonly SettingStatus[];
  readonly services: readonly ServiceStatus[];
  readonly ports: readonly PortStatus[];
  readonly folders: readonly FolderStatus[];
}
