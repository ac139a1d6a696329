import type { CustomCheck } from "./check.ts";

/**
 * `platform.config.{ts,js,mjs,json,yaml}`: everything that the scripts must know about one platform.
 * Relative paths are relative to the folder of the file. Flags, the environment and `.env` come before it.
 */
export interface PlatformConfig {
  /** Where Postgres answers; better without a password, which belongs into DATABASE_URL. */
  readonly databaseUrl?: string;
  /** Where Dragonfly, Valkey or Redis answers. */
  readonly redisUrl?: string;
  /** Where the Supabase gateway answers. */
  readonly supabaseUrl?: string;
  /** The name of the environment, such as "production"; writers ask for `--yes` there. */
  readonly environment?: string;
  readonly database?: DatabaseConfig;
  readonly migrations?: MigrationsConfig;
  /** What deploy-extensions installs and verify-extensions expects. */
  readonly extensions?: readonly ExtensionRequirement[];
  /** SQL files, or folders of them, that deploy-extensions applies in this order after the extensions. */
  readonly extensionFiles?: readonly string[];
  readonly dependencies?: DependenciesConfig;
  readonly schema?: SchemaConfig;
  /** Limits by check id, in the unit of the check, such as `"postgres.query": 10`. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** Which scripts `platform` runs; all by default. */
  readonly scripts?: readonly string[];
  /** The platform's own checks; only a module (ts, js, mjs) can hold them. */
  readonly checks?: readonly CustomCheck[];
}

export interface DatabaseConfig {
  /** The database that init-database makes; the one that DATABASE_URL names by default. */
  readonly name?: string;
  /** The role that owns the database and its schemas. */
  readonly owner?: string;
  /** Where the state tables of these scripts are; "platform" by default. */
  readonly stateSchema?: string;
  /** The application's schemas. */
  readonly schemas?: readonly string[];
  /** What the names of the created roles begin with. */
  readonly rolePrefix?: string;
  /** Whether the roles of Supabase (anon, authenticated, service_role) are made too. */
  readonly supabase?: boolean;
}

export interface MigrationsConfig {
  /** The folder of the migration files. */
  readonly directory?: string;
  /** How the files are laid out, where it cannot be seen from their names. */
  readonly layout?: string;
  /** How long a run waits for another one on the same history, such as "30s". */
  readonly lockWait?: string;
  /** How long a statement waits for a lock before it makes way for others, such as "5s". */
  readonly lockTimeout?: string;
  readonly lint?: LintConfig;
  readonly hooks?: HooksConfig;
  /** SQL files, or folders of them, with rows that belong to the platform: applied after the migrations, and again when their text changes. */
  readonly seeds?: readonly string[];
}

/** What run-migrations runs around the files that it applies; nothing runs when none is pending. */
export interface HooksConfig {
  /** Before the first file. */
  readonly beforeAll?: readonly HookConfig[];
  /** After each file: SQL in the file's own transaction, commands when it is applied for good. */
  readonly afterEach?: readonly HookConfig[];
  /** After the last file. */
  readonly afterAll?: readonly HookConfig[];
}

/** Either an SQL file or a command. */
export interface HookConfig {
  /** The path of an SQL file. */
  readonly sql?: string;
  /** A program and its arguments, which no shell reads. */
  readonly command?: readonly string[];
}

/** What the plan of run-migrations says of pending files. */
export interface LintConfig {
  /** Which findings are a failure: "error" (by default), "warn" or "never". */
  readonly failOn?: string;
  /** The level of single rules, such as `"ban-drop-table": "off"`. */
  readonly rules?: Readonly<Record<string, "off" | "warn" | "error">>;
}

export interface ExtensionRequirement {
  readonly name: string;
  /** The range of versions that will do, such as ">=1.3". */
  readonly version?: string;
  /** The schema that the extension belongs into. */
  readonly schema?: string;
  /** Whether the platform fails without it; true by default. */
  readonly required?: boolean;
  /** Whether it must be in `shared_preload_libraries`. */
  readonly preload?: boolean;
}

export interface DependenciesConfig {
  /** 5434 by default. */
  readonly postgresPort?: number;
  /** 6382 by default. */
  readonly cachePort?: number;
  /** How the servers are brought up; the first way that works by default. */
  readonly provider?: "existing" | "container" | "local" | "embedded";
  /** The `shared_preload_libraries` of a Postgres that start-dependencies starts. */
  readonly preloadLibraries?: readonly string[];
}

export interface SchemaConfig {
  /** The schemas that validate-schema-consistency looks at. */
  readonly include?: readonly string[];
  /** Known differences that are not reported. */
  readonly ignore?: readonly IgnoredDifference[];
  /** Roles of what the schema is compared with, and the live role that each stands for, such as `{ "dev_owner": "app_owner" }`. */
  readonly roles?: Readonly<Record<string, string>>;
}

/** One accepted difference: by kind of object, by name, by property or by several of them. */
export interface IgnoredDifference {
  /** The kind of object, such as "table" or "policy". */
  readonly kind?: string;
  /** The qualified name of the object; `*` stands for any text, and a table covers its parts. */
  readonly name?: string;
  /** What differs of it, such as "comment" or "grants to *". */
  readonly property?: string;
  /** Why it is accepted. */
  readonly reason: string;
}

/** Types the config of a `platform.config.ts`; returns it as it is. */
export function definePlatform(config: PlatformConfig): PlatformConfig {
  return config;
}
