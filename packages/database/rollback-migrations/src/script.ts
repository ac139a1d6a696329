import { databaseUrl, defineScript, migrationLayouts, option, stateSchema, type OptionsOf, type Script } from "@org/script";
import pkg from "../package.json" with { type: "json" };
import manifest from "../script.json" with { type: "json" };
import type { RollbackSettings } from "./settings.ts";
import type { RollbackStatus } from "./rollback-status.ts";

const options: OptionsOf<RollbackSettings> = {
  databaseUrl: databaseUrl(),
  stateSchema: stateSchema(),
  directory: option.path({ flag: "--directory <path>", config: "migrations.directory", default: "migrations", description: "folder of the migration files" }),
  layout: option.choice({ flag: "--layout <layout>", config: "migrations.layout", choices: migrationLayouts, description: "how the files are laid out; seen from their names and marks unless told" }),
  steps: option.integer({ flag: "--steps <n>", min: 1, description: "roll back this many, the newest first" }),
  to: option.text({ flag: "--to <version>", description: "roll back everything newer than this version, which stays applied; 0 for everything" }),
  lastRun: option.boolean({ flag: "--last-run", description: "roll back what the last run of run-migrations applied" }),
  allowDataLoss: option.boolean({ flag: "--allow-data-loss", description: "go on although the plan says that rows or values would be lost" }),
  forceRecord: option.boolean({ flag: "--force-record", description: "record a migration without a way back as rolled back, without executing anything" }),
  verify: option.boolean({ flag: "--verify", description: "prove on a scratch copy that up, then down, gives back the same schema; nothing is rolled back" }),
  shadowUrl: option.secret({
    flag: "--shadow-url <url>",
    env: "SHADOW_DATABASE_URL",
    description: "verify: Postgres server for the scratch copy (default: that of the database)",
  }),
  lockWait: option.duration({ flag: "--wait-lock <duration>", config: "migrations.lockWait", default: "30s", description: "how long to wait for another run on the same history" }),
  lockTimeout: option.duration({
    flag: "--lock-timeout <duration>",
    config: "migrations.lockTimeout",
    default: "5s",
    description: "how long a statement waits for a lock before it makes way; 0s waits without limit",
  }),
  lockRetries: option.integer({ flag: "--lock-retries <n>", default: 5, max: 1000, description: "how many times a file is tried again after a lock timeout" }),
};

/**
 * Rolls back applied migrations, newest first, each together with its history row; in a dry run it only plans. With `verify` it proves on a
 * scratch copy that the ways back give back the same schema, and rolls back nothing.
 */
export const rollbackMigrations: Script<OptionsOf<RollbackSettings>, RollbackStatus> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./rollback.ts")).rollback(context),
  render: async (report) => (await import("./report.ts")).renderRollback(report),
});
