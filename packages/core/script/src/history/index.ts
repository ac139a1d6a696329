export { expectRecord } from "./expect-record.ts";
export { flushJournal } from "./flush-journal.ts";
export { journalRun } from "./journal.ts";
export { expectSnapshot, keepSnapshot, type SnapshotContext } from "./keep-snapshot.ts";
export { listSnapshotsOfRuns, readSnapshotOfRun, type SnapshotOfRun } from "./schema-snapshots.ts";
export { applyStateMigrations, planStateMigrations, readStateVersion, type ApplyStateOptions } from "./state-migrations.ts";
export { stateMigrations, type StateMigration } from "./state-schema.ts";
