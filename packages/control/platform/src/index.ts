export type { LastRun } from "./last-runs.ts";
export type { PlatformData, ScriptRun } from "./platform.ts";
export { platform } from "./script.ts";
