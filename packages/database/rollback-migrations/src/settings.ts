import type { MigrationLayout, Secret } from "@org/script";

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
