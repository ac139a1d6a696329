export {
  applyStateMigrations,
  listSnapshotsOfRuns,
  planStateMigrations,
  readSnapshotOfRun,
  readStateVersion,
  stateMigrations,
  storeSnapshotOfRun,
  type ApplyStateOptions,
  type SnapshotOfRun,
  type StateMigration,
} from "./history/index.ts";
