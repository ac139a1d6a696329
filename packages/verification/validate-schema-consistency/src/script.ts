import { databaseUrl, defineScript, migrationLayouts, option, stateSchema, type OptionsOf, type Script } from "@org/script";
import pkg from "../package.json" with { type: "json" };
import manifest from "../script.json" with { type: "json" };
import { lineColor } from "./line-diff.ts";
import { roleMapOption } from "./role-map.ts";
import { severities, type ValidateSettings } from "./settings.ts";
import type { SchemaConsistency } from "./validate.ts";

const options: OptionsOf<ValidateSettings> = {
  databaseUrl: databaseUrl(),
  stateSchema: stateSchema(),
  directory: option.path({ flag: "--directory <path>", config: "migrations.directory", default: "migrations", description: "folder of the migration files" }),
  layout: option.choice({ flag: "--layout <layout>", config: "migrations.layout", choices: migrationLayouts, description: "how the files are named; seen from their names unless told" }),
  shadowUrl: option.secret({
    flag: "--shadow-url <url>",
    env: "SHADOW_DATABASE_URL",
    description: "Postgres server to replay the migrations on, in a scratch database (default: that of the database)",
  }),
  against: option.secret({ flag: "--against <url>", env: "AGAINST_DATABASE_URL", description: "another database to compare with, instead of the migrations" }),
  snapshot: option.path({ flag: "--snapshot <file>", description: "a stored snapshot to compare with, instead of the migrations; with the action snapshot the file to write" }),
  roleMap: roleMapOption,
  failOn: option.choice({ flag: "--fail-on <severity>", choices: severities, default: "performance", description: "mildest severity of a difference that fails" }),
  sql: option.boolean({ flag: "--sql", description: "print the SQL that would repair the schema, for psql -f, in the place of the report" }),
  withDataLoss: option.boolean({ flag: "--with-data-loss", description: "with --sql: statements that lose data are no comments" }),
};

/**
 * Compares the live schema with what the migrations make, with another database or with a stored snapshot, and checks its inner consistency; the
 * action snapshot stores it. Changes nothing in it.
 */
export const validateSchemaConsistency: Script<OptionsOf<ValidateSettings>, SchemaConsistency> = defineScript({
  manifest,
  package: pkg,
  actions: ["validate", "snapshot"],
  options,
  run: async (context) => (await import("./validate.ts")).validate(context),
  render: async (report) => (await import("./report.ts")).renderDifferences(report),
  lineColor,
  document: (report) => report.data?.repair ?? undefined,
});
