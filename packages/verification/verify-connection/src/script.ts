import { databaseUrl, defineScript, stateSchema, supabaseAnonKey, supabaseUrl, type OptionsOf, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import type { ConnectionData } from "./connection-data.ts";
import type { VerifySettings } from "./verify-connection.ts";

const options: OptionsOf<VerifySettings> = {
  databaseUrl: databaseUrl(),
  stateSchema: stateSchema(),
  supabaseUrl: supabaseUrl(),
  supabaseAnonKey: supabaseAnonKey(),
};

/** Probes the way to the database layer by layer; resolves to the report, also when a layer fails. */
export const verifyConnection: Script<typeof options, ConnectionData> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./verify-connection.ts")).verify(context),
  render: async (report) => (await import("./report.ts")).renderConnection(report),
});
