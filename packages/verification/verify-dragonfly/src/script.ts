import type { Option } from "@org/env";
import { defineScript, redisUrl, type Script, type Secret } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import type { CacheData } from "./cache-data.ts";

/** Verifies a Dragonfly, Valkey or Redis server; resolves to the report, also when a check fails. */
export const verifyDragonfly: Script<{ readonly redisUrl: Option<Secret> }, CacheData> = defineScript({
  manifest,
  package: pkg,
  options: { redisUrl: redisUrl() },
  run: async (context) => (await import("./verify-dragonfly.ts")).verify(context),
  render: async (report) => (await import("./report.ts")).renderCache(report),
});
