import { databaseUrl, defineScript, option, stateSchema, type OptionsOf, type Script } from "@org/script";
import pkg from "../package.json" with { type: "json" };
import manifest from "../script.json" with { type: "json" };
import type { InitData, InitSettings } from "./init-database.ts";

const options: OptionsOf<InitSettings> = {
  databaseUrl: databaseUrl(),
  database: option.text({ flag: "--database <name>", description: "database to make (default: the one that the URL names)" }),
  owner: option.text({ flag: "--owner <role>", config: "database.owner", description: "role that owns database and schemas (default: <prefix>_owner)" }),
  rolePrefix: option.text({ flag: "--role-prefix <text>", config: "database.rolePrefix", description: "what the names of the roles begin with (default: the database's name)" }),
  schemas: option.list({ flag: "--schemas <names>", config: "database.schemas", default: ["public"], description: "the application's schemas, separated by commas" }),
  stateSchema: stateSchema(),
  supabase: option.boolean({ flag: "--supabase", config: "database.supabase", description: "make the roles of Supabase too: anon, authenticated, service_role, authenticator" }),
  credentialsFile: option.path({ flag: "--credentials-file <file>", description: "env file that gets the connection URLs of new roles (default: in the state folder)" }),
};

/** Creates the database, schemas, least-privilege roles and state tables that are missing, and only those. */
export const initDatabase: Script<OptionsOf<InitSettings>, InitData> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./init-database.ts")).initDatabase(context),
  render: async (report) => (await import("./report.ts")).renderInit(report),
});
