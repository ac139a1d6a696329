import { databaseUrl, defineScript, option, stateSchema, type OptionsOf, type Script } from "@org/script";
import pkg from "../package.json" with { type: "json" };
import manifest from "../script.json" with { type: "json" };
import { layouts, severities, type ValidateSettings } from "./settings.ts";
import type { SchemaConsistency } from "./validate.ts";

const options: OptionsOf<ValidateSettings> = {
  databaseUrl: databaseUrl(),
  stateSchema: stateSchema(),
  directory: option.path({ flag: "--directory <path>", config: "migrations.directory", default: "migrations", description: "folder of the migration files" }),
  layout: option.choice({ flag: "--layout <layout>", config: "migrations.layout", choices: layouts, description: "how the files are named; seen from their names unless told" }),
  shadowUrl: option.secret({
    flag: "--shadow-url <url>",
    env: "SHADOW_DATABASE_URL",
    description: "Postgres server to replay the migrations on, in a scratch database (default: that of the database)",
  }),
  failOn: option.choice({ flag: "--fail-on <severity>", choices: severities, default: "performance", description: "mildest severity of a difference that fails" }),
};

/** Compares the live schema with what the migrations make, and checks its inner consistency. Changes nothing in it. */
export const validateSchemaConsistency: Script<OptionsOf<ValidateSettings>, SchemaConsistency> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./validate.ts")).validate(context),
  render: async (report) => (await import("./report.ts")).renderDifferences(report),
});
