import { databaseUrl, defineScript, redisUrl, supabaseAnonKey, supabaseServiceKey, supabaseUrl, type OptionsOf, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import type { DoctorSettings } from "./doctor-context.ts";
import type { EnvironmentStatus } from "./environment-status.ts";

const options: OptionsOf<DoctorSettings> = {
  databaseUrl: databaseUrl({ required: false }),
  redisUrl: redisUrl({ required: false }),
  supabaseUrl: supabaseUrl(),
  supabaseAnonKey: supabaseAnonKey(),
  supabaseServiceKey: supabaseServiceKey(),
};

/** Examines the environment that the other scripts will run in; resolves to the report, also when something must be mended. */
export const testRunner: Script<typeof options, EnvironmentStatus> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./test-runner.ts")).examine(context),
  render: async (report) => (await import("./report.ts")).renderEnvironment(report),
});
