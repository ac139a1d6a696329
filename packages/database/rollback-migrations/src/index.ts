export { rollbackMigrations } from "./script.ts";
export type { Loss, PlannedRollback, RolledBackMigration, RollbackStatus, RoundTrip, RowCount } from "./rollback-status.ts";
