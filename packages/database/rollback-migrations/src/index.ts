export { rollbackMigrations } from "./script.ts";
export type { Loss } from "./losses/losses.ts";
export type { PlannedRollback } from "./plan.ts";
export type { RoundTrip } from "./verify.ts";
export type { RolledBackMigration } from "./roll-back.ts";
export type { RollbackStatus } from "./status.ts";
