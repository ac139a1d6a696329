export type { Change, InitData } from "./init-database.ts";
export { initDatabase } from "./script.ts";
