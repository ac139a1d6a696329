import type { MigrationLayout, Secret } from "@org/script";
import type { Severity } from "@org/postgres/schema";
import type { RoleMap } from "./role-map.ts";

export interface ValidateSettings {
  readonly databaseUrl: Secret;
  readonly stateSchema: string;
  /** The folder of the migration files. */
  readonly directory: string;
  readonly layout: MigrationLayout | undefined;
  /** Another server to replay the migrations on. */
  readonly shadowUrl: Secret | undefined;
  /** Another database to compare with, instead of the migrations. */
  readonly against: Secret | undefined;
  /** The file of a stored snapshot: what to compare with, or where the action snapshot writes. */
  readonly snapshot: string | undefined;
  /** Roles of what is compared with, and the live role that each stands for. */
  readonly roleMap: RoleMap;
  /** The mildest severity of a difference that fails. */
  readonly failOn: Severity;
  /** Prints the script that would repair the schema in the place of the report. */
  readonly sql: boolean;
  /** Statements of that script that lose data are more than comments. */
  readonly withDataLoss: boolean;
}

// Named here again, because the package that owns them loads the database driver, which --help has no use for. The type makes a name that is missing an
// error of the compiler.
const severityNames: Readonly<Record<Severity, true>> = { "data loss": true, security: true, behaviour: true, performance: true, cosmetic: true };

/** From worst to harmless. */
export const severities = Object.keys(severityNames) as readonly Severity[];
