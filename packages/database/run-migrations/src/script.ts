import { databaseUrl, defineScript, migrationLayouts, option, stateSchema, type OptionsOf, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import { foreignToolNames } from "./foreign-tool-names.ts";
import { failOnLevels } from "./lint-check.ts";
import type { MigrateSettings } from "./migrate.ts";
import type { MigrationStatus } from "./status.ts";

const options: OptionsOf<MigrateSettings> = {
  databaseUrl: databaseUrl(),
  stateSchema: stateSchema(),
  directory: option.path({
    flag: "--directory <path>",
    config: "migrations.directory",
    default: "migrations",
    description: "folder of the migration files",
  }),
  layout: option.choice({
    flag: "--layout <layout>",
    config: "migrations.layout",
    choices: migrationLayouts,
    description: "how the files are laid out; seen from their names and marks unless told",
  }),
  strictSequence: option.boolean({ flag: "--strict-sequence", description: "the versions must be 1, 2, 3 and so on" }),
  lockWait: option.duration({
    flag: "--wait-lock <duration>",
    config: "migrations.lockWait",
    default: "30s",
    description: "how long to wait for another run on the same history",
  }),
  lockTimeout: option.duration({
    flag: "--lock-timeout <duration>",
    config: "migrations.lockTimeout",
    default: "5s",
    description: "how long a statement waits for a lock before it makes way; 0s waits without limit",
  }),
  lockRetries: option.integer({
    flag: "--lock-retries <n>",
    default: 5,
    max: 1000,
    description: "how many times a file is tried again after a lock timeout",
  }),
  to: option.text({ flag: "--to <version>", description: "the last version to apply; for baseline, the last one that is there" }),
  singleTransaction: option.boolean({ flag: "--single-transaction", description: "apply all files in one transaction" }),
  allowOutOfOrder: option.boolean({ flag: "--allow-out-of-order", description: "apply also what is older than what is applied already" }),
  accept: option.list({ flag: "--accept <versions>", default: [], description: "repair, adopt: take changed files as they are now; or all" }),
  markApplied: option.list({ flag: "--mark-applied <versions>", default: [], description: "repair: record as applied, without executing" }),
  markReverted: option.list({ flag: "--mark-reverted <versions>", default: [], description: "repair: record as not applied any more" }),
  failOn: option.choice({ flag: "--fail-on <level>", config: "migrations.lint.failOn", choices: failOnLevels, default: "error", description: "plan, dry run: which findings are a failure" }),
  rehearse: option.boolean({ flag: "--rehearse", description: "plan, dry run, apply: try the pending files in a scratch copy of the schema first" }),
  from: option.choice({ flag: "--from <tool>", choices: foreignToolNames, description: "adopt: whose history to read" }),
  fromSchema: option.text({ flag: "--from-schema <name>", description: "adopt: the schema of that history, where several hold one" }),
};

/**
 * Applies pending SQL migrations, each exactly once; with the actions `status` and `plan` or in a dry run it only looks. `repair`, `baseline` and `adopt`
 * record in the history what is so, without executing anything.
 */
export const runMigrations: Script<OptionsOf<MigrateSettings>, MigrationStatus> = defineScript({
  manifest,
  package: pkg,
  actions: ["apply", "status", "plan", "repair", "baseline", "adopt"],
  readActions: ["status"],
  options,
  run: async (context) => (await import("./migrate.ts")).migrate(context),
  render: async (report) => (await import("./report.ts")).renderStatus(report),
});
