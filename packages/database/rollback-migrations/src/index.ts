export { rollbackMigrations } from "./script.ts";
export type { Loss, PlannedRollback, RepeatedFile, RolledBackMigration, RollbackStatus, RoundTrip, RowCount, TakenAlong } from "./rollback-status.ts";
