import { defineScript, option, type OptionsOf, type Script } from "@org/script";
import pkg from "../package.json" with { type: "json" };
import manifest from "../script.json" with { type: "json" };
import type { PlatformData, PlatformSettings } from "./platform.ts";

const options: OptionsOf<PlatformSettings> = {
  provider: option.choice({
    flag: "--provider <provider>",
    choices: ["existing", "container", "local", "embedded"],
    config: "dependencies.provider",
    description: "how `up` brings the services up; the first way that works by default",
  }),
  install: option.boolean({ flag: "--install", description: "let `up` install a server that is missing" }),
};

/** `platform up | setup | verify | status | down`, as a function and as a command. */
export const platform: Script<typeof options, PlatformData> = defineScript({
  manifest,
  package: pkg,
  actions: ["up", "setup", "verify", "status", "down"],
  createsEnvFile: true,
  options,
  run: async (context) => (await import("./platform.ts")).runPlatform(context, { package: pkg }),
  render: async (report) => (await import("./report.ts")).renderSummary(report),
});
