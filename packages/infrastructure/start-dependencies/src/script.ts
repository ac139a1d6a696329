import { defineScript, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import { dependenciesOptions, type DependenciesOptions } from "./settings.ts";
import type { DependenciesData } from "./dependency-data.ts";

/** Makes Postgres and a cache ready, or with an action tells their status, stops them or reads their logs. */
export const startDependencies: Script<DependenciesOptions, DependenciesData> = defineScript({
  manifest,
  package: pkg,
  actions: ["start", "status", "stop", "logs"],
  createsEnvFile: true,
  options: dependenciesOptions,
  run: async (context) => (await import("./start-dependencies.ts")).manageDependencies(context),
  render: async (report) => (await import("./report.ts")).renderDependencies(report),
});
