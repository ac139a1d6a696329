export { verifyDragonfly } from "./script.ts";
export type { CacheData } from "./cache-data.ts";
export type { CacheContext } from "./cache-context.ts";
