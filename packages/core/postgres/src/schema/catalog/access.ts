import type { PostgresClient } from "../../client.ts";
import type { Unread } from "../model.ts";

/** What the queries depend on: the server's version, and what this session may read. */
export interface Access {
  /** As the server compares it: 150018 is 15.18. */
  readonly version: number;
  readonly connectionStrings: boolean;
  readonly userMappings: boolean;
  /** pg_cron shows everyone but a superuser his own jobs only; null where it is not installed. */
  readonly cronJobs: "all" | "own" | "none" | null;
}

export async function readAccess(client: PostgresClient): Promise<Access> {
  const { rows } = await client.query<Access>(accessQuery);
  if (rows[0] === undefined) throw new Error("the server did not tell its version");
  return rows[0];
}

const accessQuery = `
  SELECT current_setting('server_version_num')::int AS version,
    has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT') AS "connectionStrings",
    has_table_privilege('pg_catalog.pg_user_mapping', 'SELECT') AS "userMappings",
    CASE
      WHEN cron.job IS NULL THEN NULL
      WHEN NOT has_schema_privilege(cron.schema, 'USAGE') OR NOT has_table_privilege(cron.job, 'SELECT') THEN 'none'
      WHEN row_security_active(cron.job) THEN 'own' ELSE 'all'
    END AS "cronJobs"
  FROM (SELECT (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'cron') AS schema,
    (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'cron' AND c.relname = 'job' AND c.relkind = 'r') AS job) AS cron`;

/** The kinds that the session cannot see as a whole. */
export function hiddenKinds({ cronJobs }: Access): readonly Unread[] {
  if (cronJobs !== "own" && cronJobs !== "none") return [];
  return [{ kind: "cron job", object: null, property: null, reason: "the role sees its own jobs only: a superuser or a role with BYPASSRLS sees all of cron.job" }];
}
