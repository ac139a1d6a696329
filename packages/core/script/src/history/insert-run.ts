import { quoteIdentifier, type PostgresClient } from "@org/postgres";

/**
 * Writes a run and its checks, from its report as JSON, in one statement, which is a transaction of its own and one round trip. A run that is
 * there already stays as it is. Needs the right to insert and no other.
 */
export async function insertRun(client: PostgresClient, schema: string, report: string): Promise<void> {
  await client.query(insertStatement(quoteIdentifier(schema)), [mayBeRefused.test(report) ? JSON.stringify(storable(JSON.parse(report))) : report]);
}

/** Lets the server plan the statement, which in a new session takes longer than to run it. */
export async function planInsertRun(client: PostgresClient, schema: string): Promise<void> {
  await client.query(`EXPLAIN ${insertStatement(quoteIdentifier(schema))}`, ["null"]);
}

/** How JSON writes what jsonb refuses; most reports have none of it, and looking at their text is quick. */
const mayBeRefused = /\\u(?:0000|d[89a-f])/u;

/** A copy that jsonb accepts: it refuses the character NUL and halves of surrogate pairs, which texts from outside may hold. */
export function storable(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(unstorable, "\uFFFD");
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [storable(key), storable(entry)]));
}

// With the flag u, a surrogate matches only where its other half is missing.
const unstorable = /[\0\p{Surrogate}]/gu;

// Without a conflict target, ON CONFLICT needs no right to read, so a role that may only insert can record its runs.
function insertStatement(schema: string): string {
  return `
with input as (select $1::jsonb as report),
logged as (
  insert into ${schema}.script_execution_log (
    run_id, script, script_version, actor, host, git_sha, environment, arguments, dry_run, started_at, finished_at,
    duration_ms, exit_code, verdict, checks_total, checks_ran, checks_pass, checks_warn, checks_fail, checks_unknown,
    checks_skipped, error, report
  )
  select
    (report #>> '{run,id}')::uuid, report ->> 'script', report ->> 'scriptVersion', report #>> '{run,actor}',
    report #>> '{run,host}', report #>> '{run,gitSha}', report #>> '{run,environment}', report #> '{run,arguments}',
    (report #>> '{run,dryRun}')::boolean, (report #>> '{run,startedAt}')::timestamptz, (report #>> '{run,endedAt}')::timestamptz,
    (report #>> '{run,durationMs}')::double precision, (report ->> 'exitCode')::smallint, report ->> 'verdict',
    (report #>> '{counts,total}')::integer, (report #>> '{counts,ran}')::integer, (report #>> '{counts,pass}')::integer,
    (report #>> '{counts,warn}')::integer, (report #>> '{counts,fail}')::integer, (report #>> '{counts,unknown}')::integer,
    (report #>> '{counts,skipped}')::integer, nullif(report -> 'error', 'null'), report
  from input
  on conflict do nothing
)
insert into ${schema}.health_check_results (
  run_id, check_id, title, verdict, evidence, value, unit, threshold, remedy, duration_ms, checked_at
)
select
  (report #>> '{run,id}')::uuid, item ->> 'id', item ->> 'title', item ->> 'verdict', item ->> 'evidence',
  nullif(item -> 'value', 'null'), item ->> 'unit', nullif(item -> 'threshold', 'null'), item ->> 'remedy',
  (item ->> 'durationMs')::double precision, (report #>> '{run,endedAt}')::timestamptz
from input, jsonb_array_elements(report -> 'checks') as item
on conflict do nothing`;
}
