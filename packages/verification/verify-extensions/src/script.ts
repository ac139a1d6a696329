import { databaseUrl, defineScript, type OptionsOf, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import type { ExtensionsSeen, VerifySettings } from "./verify-extensions.ts";

const options: OptionsOf<VerifySettings> = { databaseUrl: databaseUrl() };

/** Verifies the extensions of the database against the config's manifest. Changes nothing. */
export const verifyExtensions: Script<OptionsOf<VerifySettings>, ExtensionsSeen> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./verify-extensions.ts")).verify(context),
  render: async (report) => (await import("./report.ts")).renderExtensions(report),
});
