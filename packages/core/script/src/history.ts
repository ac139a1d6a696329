export {
  applyStateMigrations,
  expectRecord,
  keepSnapshot,
  listSnapshotsOfRuns,
  planStateMigrations,
  readSnapshotOfRun,
  readStateVersion,
  stateMigrations,
  type ApplyStateOptions,
  type SnapshotContext,
  type SnapshotOfRun,
  type StateMigration,
} from "./history/index.ts";
