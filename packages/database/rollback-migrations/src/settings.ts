import type { MigrationLayout } from "@org/run-migrations";
import type { Secret } from "@org/script";

export interface RollbackSettings {
  readonly databaseUrl: Secret;
  readonly stateSchema: string;
  readonly directory: string;
  readonly layout: MigrationLayout | undefined;
  /** Milliseconds. */
  readonly lockWait: number;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly lockRetries: number;
  readonly steps: number | undefined;
  readonly to: string | undefined;
  readonly lastRun: boolean;
  readonly allowDataLoss: boolean;
  readonly forceRecord: boolean;
  readonly verify: boolean;
  /** Another server for the scratch copy. */
  readonly shadowUrl: Secret | undefined;
}

/** As run-migrations has them; naming them here keeps that package out of the start of this one. */
export const layouts: readonly MigrationLayout[] = ["files", "pairs", "folders", "folder-pairs", "sections", "flyway"];
