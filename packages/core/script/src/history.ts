export {
  applyStateMigrations,
  planStateMigrations,
  readStateVersion,
  stateMigrations,
  type ApplyStateOptions,
  type StateMigration,
} from "./history/index.ts";
