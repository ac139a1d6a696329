import type { ExtensionState } from "@org/deploy-extensions";
import { quoteIdentifier, type PostgresClient } from "@org/postgres";
import { fail, pass, skipped, unknown, warn, type Finding } from "@org/script";

interface Job {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  /** Of its last run that has ended; null when there is none. */
  readonly status: string | null;
  readonly message: string | null;
  readonly endedAt: Date | null;
}

// A job without a name is known by its number; names came with pg_cron 1.3.
const jobsQuery = `
  SELECT j.jobid::text AS id, coalesce(to_jsonb(j) ->> 'jobname', 'job ' || j.jobid) AS name, j.active,
    r.status, r.return_message AS message, r.end_time AS "endedAt"
  FROM cron.job j
  LEFT JOIN LATERAL (
    SELECT status, return_message, end_time FROM cron.job_run_details d
    WHERE d.jobid = j.jobid AND d.status IN ('succeeded', 'failed') ORDER BY runid DESC LIMIT 1
  ) r ON true
  ORDER BY j.jobid`;

// By the catalog's own tables: to_regclass sees nothing in a schema that the role may not use.
const rightsQuery = `
  SELECT name AS table, CASE WHEN c.oid IS NOT NULL THEN has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') END AS readable
  FROM unnest(ARRAY['job', 'job_run_details']) AS name
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'cron'
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = name`;

/** Whether the last run of every active job of pg_cron succeeded. */
export async function cronFinding(client: PostgresClient, { extensions, role }: ExtensionState): Promise<Finding> {
  if ((extensions.get("pg_cron")?.installed ?? null) === null) return skipped("pg_cron is not installed in this database");
  const { rows: rights } = await client.query<{ table: string; readable: boolean | null }>(rightsQuery);
  const absent = rights.filter(({ readable }) => readable === null).map(({ table }) => `cron.${table}`);
  if (absent.length > 0) return skipped(`${absent.join(" and ")} does not exist in this version of pg_cron, so that runs cannot be seen`);
  if (rights.some(({ readable }) => readable === false)) {
    const name = quoteIdentifier(role);
    const remedy = `Let an administrator run: GRANT USAGE ON SCHEMA cron TO ${name}; GRANT SELECT ON cron.job, cron.job_run_details TO ${name};`;
    return unknown(`${role} may not read the jobs of pg_cron`, remedy, { code: "permission" });
  }
  return judge((await client.query<Job>(jobsQuery)).rows, role);
}

// pg_cron shows a role its own jobs only, a superuser all of them.
function judge(jobs: readonly Job[], role: string): Finding {
  const active = jobs.filter((job) => job.active);
  const failed = active.filter(({ status }) => status === "failed");
  const figures = { value: failed.length, unit: "count" };
  if (failed.length > 0) {
    const told = failed.map(({ name, message, endedAt }) => `${name} (${endedAt?.toISOString() ?? "time unknown"}: ${message ?? "no message"})`);
    return fail(`the last run of ${failed.length} of ${active.length} active jobs failed: ${told.join("; ")}`, "Mend the command of the job; see cron.job_run_details.", figures);
  }
  const idle = jobs.length - active.length;
  const never = active.filter(({ status }) => status === null);
  const evidence = `${role} sees ${active.length} active jobs, none of whose last runs failed; ${never.length} have not run yet; ${idle} inactive`;
  if (idle > 0) return warn(evidence, "Activate the inactive jobs with cron.alter_job, or unschedule them.", { value: idle, unit: "count" });
  return pass(evidence, figures);
}
