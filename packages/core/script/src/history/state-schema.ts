import { quoteIdentifier } from "@org/postgres";

/** One step of the state schema. A published step never changes: a later release appends the next one. */
export interface StateMigration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** The steps that make the state tables in the given schema, in the order of their versions, which start at 1 and leave none out. */
export function stateMigrations(schema: string): readonly StateMigration[] {
  const s = quoteIdentifier(schema);
  return [
    { version: 1, name: "create run and migration history", sql: createHistory(s) },
    { version: 2, name: "keep the progress of migrations outside a transaction", sql: addProgress(s) },
    { version: 3, name: "keep the schema that a run left", sql: addSnapshots(s) },
  ];
}

const verdicts = "'pass', 'warn', 'fail', 'unknown', 'skipped'";

function createHistory(s: string): string {
  return [versionTable(s), executionLog(s), checkResults(s), migrationHistory(s)].join("\n");
}

function versionTable(s: string): string {
  return `
create table ${s}.state_version (
  version integer primary key check (version > 0),
  name text not null,
  applied_at timestamptz not null default now()
);
comment on table ${s}.state_version is 'The steps of the state schema that were applied; init-database applies the missing ones.';
`;
}

function executionLog(s: string): string {
  return `
create table ${s}.script_execution_log (
  run_id uuid primary key,
  script text not null,
  script_version text not null,
  actor text not null,
  host text not null,
  git_sha text,
  environment text not null,
  arguments jsonb not null default '[]',
  dry_run boolean not null default false,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  duration_ms double precision not null check (duration_ms >= 0),
  exit_code smallint not null check (exit_code between 0 and 255),
  verdict text not null check (verdict in (${verdicts})),
  checks_total integer not null check (checks_total >= 0),
  checks_ran integer not null check (checks_ran between 0 and checks_total),
  checks_pass integer not null check (checks_pass >= 0),
  checks_warn integer not null check (checks_warn >= 0),
  checks_fail integer not null check (checks_fail >= 0),
  checks_unknown integer not null check (checks_unknown >= 0),
  checks_skipped integer not null check (checks_skipped >= 0),
  error jsonb,
  report jsonb not null,
  recorded_at timestamptz not null default now()
);
create index script_execution_log_started_at_idx on ${s}.script_execution_log (started_at desc);
create index script_execution_log_script_idx on ${s}.script_execution_log (script, started_at desc);
comment on table ${s}.script_execution_log is 'One row for each run of a script.';
comment on column ${s}.script_execution_log.run_id is 'A UUID of version 7: ids sort by the time of the run.';
comment on column ${s}.script_execution_log.actor is 'The user of the operating system or of the CI job that ran the script.';
comment on column ${s}.script_execution_log.git_sha is 'The commit of the working tree, when there was one.';
comment on column ${s}.script_execution_log.arguments is 'The arguments of the run, secrets redacted.';
comment on column ${s}.script_execution_log.exit_code is 'What the process ended with; 0 is success, the table is in the README.';
comment on column ${s}.script_execution_log.checks_ran is 'How many of the checks could run: unknown and skipped ones did not.';
comment on column ${s}.script_execution_log.error is 'Why the run ended early: code, message and hint; null when it came to a verdict.';
comment on column ${s}.script_execution_log.report is 'The full report of the run, as --json prints it.';
comment on column ${s}.script_execution_log.recorded_at is 'When the row arrived; later than finished_at when the run waited in the journal.';
`;
}

function checkResults(s: string): string {
  return `
create table ${s}.health_check_results (
  run_id uuid not null references ${s}.script_execution_log (run_id) on delete cascade,
  check_id text not null,
  title text not null,
  verdict text not null check (verdict in (${verdicts})),
  evidence text not null,
  value jsonb,
  unit text,
  threshold jsonb,
  remedy text,
  duration_ms double precision not null check (duration_ms >= 0),
  checked_at timestamptz not null,
  primary key (run_id, check_id)
);
create index health_check_results_check_idx on ${s}.health_check_results (check_id, checked_at desc);
comment on table ${s}.health_check_results is 'One row for each check of a run.';
comment on column ${s}.health_check_results.verdict is 'unknown: the check could not run, which is never a pass.';
comment on column ${s}.health_check_results.evidence is 'What was seen, in one sentence.';
comment on column ${s}.health_check_results.value is 'The measured figure, a number or a text; cast a number with value::numeric.';
comment on column ${s}.health_check_results.threshold is 'What the value was held against and where that limit came from: value and source.';
comment on column ${s}.health_check_results.remedy is 'The next step, for everything that is not a pass.';
comment on column ${s}.health_check_results.checked_at is 'When the run that made the check ended.';
`;
}

function migrationHistory(s: string): string {
  return `
create table ${s}.migration_history (
  id bigint generated always as identity primary key,
  version text not null,
  name text not null,
  checksum text,
  direction text not null check (direction in ('up', 'down')),
  status text not null check (status in ('running', 'applied', 'failed', 'baseline')),
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  duration_ms double precision check (duration_ms >= 0),
  run_id uuid,
  actor text not null default session_user,
  host text,
  script_version text,
  error text,
  check (status = 'running' or finished_at is not null)
);
create index migration_history_version_idx on ${s}.migration_history (version, id desc);
create index migration_history_run_idx on ${s}.migration_history (run_id);
comment on table ${s}.migration_history is 'One row for each time that a migration was applied or rolled back; the newest row of a version is its present state.';
comment on column ${s}.migration_history.version is 'The number or timestamp that the file name starts with; R__name of a repeatable file, S__path of a seed.';
comment on column ${s}.migration_history.checksum is 'The checksum of the file when it was applied.';
comment on column ${s}.migration_history.direction is 'up: applied; down: rolled back.';
comment on column ${s}.migration_history.status is 'running: started outside a transaction and not ended; baseline: taken over from before, not executed.';
comment on column ${s}.migration_history.run_id is 'The run in script_execution_log, whose row arrives when that run ends.';
`;
}

function addProgress(s: string): string {
  return `
alter table ${s}.migration_history add column progress jsonb;
comment on column ${s}.migration_history.progress is 'Of a file that runs outside a transaction: which of its statements are done, so that the next run goes on after them.';
`;
}

function addSnapshots(s: string): string {
  return `
create table ${s}.schema_snapshots (
  run_id uuid primary key,
  taken_at timestamptz not null default clock_timestamp(),
  content bytea not null
);
alter table ${s}.schema_snapshots alter column content set storage external;
create index schema_snapshots_taken_at_idx on ${s}.schema_snapshots (taken_at desc);
comment on table ${s}.schema_snapshots is 'What the schema was like at the end of a run that changed it, so that a later difference can be dated; the newest ones only.';
comment on column ${s}.schema_snapshots.run_id is 'The run in script_execution_log, whose row arrives when that run ends.';
comment on column ${s}.schema_snapshots.content is 'JSON, packed with gzip.';
`;
}
