import type { MigrationLayout } from "@org/run-migrations";
import type { Secret } from "@org/script";
import type { Severity } from "@org/postgres/schema";

export interface ValidateSettings {
  readonly databaseUrl: Secret;
  readonly stateSchema: string;
  /** The folder of the migration files. */
  readonly directory: string;
  readonly layout: MigrationLayout | undefined;
  /** Another server to replay the migrations on. */
  readonly shadowUrl: Secret | undefined;
  /** The mildest severity of a difference that fails. */
  readonly failOn: Severity;
}

/** As run-migrations has them; naming them here keeps that package out of the start of this one. */
export const layouts: readonly MigrationLayout[] = ["files", "pairs", "folders", "folder-pairs"];
