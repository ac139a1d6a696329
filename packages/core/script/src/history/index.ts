export { flushJournal } from "./flush-journal.ts";
export { journalRun } from "./journal.ts";
export { listSnapshotsOfRuns, readSnapshotOfRun, storeSnapshotOfRun, type SnapshotOfRun } from "./schema-snapshots.ts";
export { applyStateMigrations, planStateMigrations, readStateVersion, type ApplyStateOptions } from "./state-migrations.ts";
export { stateMigrations, type StateMigration } from "./state-schema.ts";
