export {
  createRedactor,
  databaseUrl,
  formatDuration,
  option,
  parseDuration,
  redactDeep,
  redisUrl,
  Secret,
  stateSchema,
  supabaseAnonKey,
  supabaseServiceKey,
  supabaseUrl,
  type InputOf,
  type Options,
  type OptionsOf,
  type SettingsOf,
  type SettingSource,
} from "@org/env";
export type { Check, CheckResult, CheckRun, CustomCheck, Finding, Occurrence, Verdict } from "./check.ts";
export {
  definePlatform,
  type DatabaseConfig,
  type DependenciesConfig,
  type ExtensionRequirement,
  type HookConfig,
  type HooksConfig,
  type IgnoredDifference,
  type LintConfig,
  type MigrationsConfig,
  type PlatformConfig,
  type SchemaConfig,
} from "./config.ts";
export { defineScript, type CallOptions, type LineColor, type Result, type RunContext, type Script, type ScriptDefinition } from "./define-script.ts";
export { checkResult, fail, overallVerdict, pass, skipped, unknown, warn } from "./findings.ts";
export type { Host, Sink } from "./host.ts";
export { atLeast, atMost, limitOf, type Limit, type Measurement } from "./limits.ts";
export type { Manifest } from "./manifest.ts";
export { migrationLayouts, type MigrationFacts, type MigrationFailure, type MigrationLayout, type MigrationState, type MigrationStateName, type ResumePoint } from "./migration-status.ts";
export type { Progress } from "./progress.ts";
export type { Counts, Report, ReportedError, RunInfo } from "./report.ts";
export { runChecks, type ChecksToRun } from "./run-checks.ts";
export { runScript } from "./run-script.ts";
export { refuseUnwritable, writeFileSafely } from "./write-file.ts";
