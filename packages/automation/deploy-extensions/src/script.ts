import { databaseUrl, defineScript, option, type OptionsOf, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import type { DeploySettings } from "./deploy-extensions.ts";
import type { Deployment } from "./deployment.ts";

const options: OptionsOf<DeploySettings> = {
  databaseUrl: databaseUrl(),
  lockTimeout: option.duration({
    flag: "--lock-timeout <duration>",
    default: "10s",
    description: "how long a statement waits for a lock, and the run for another deployment",
  }),
};

/** Installs and updates the extensions of the config's manifest, then runs its SQL files; in a dry run it only plans. */
export const deployExtensions: Script<OptionsOf<DeploySettings>, Deployment> = defineScript({
  manifest,
  package: pkg,
  options,
  run: async (context) => (await import("./deploy-extensions.ts")).deploy(context),
  render: async (report) => (await import("./report.ts")).renderDeployment(report),
});
