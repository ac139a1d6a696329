import type { PostgresClient } from "../../client.ts";
import type { Part } from "../read-snapshot.ts";

/**
 * The server's settings that change what a statement does or whether data is safe, where they are not the built-in ones. What this session, its role or
 * its database sets otherwise hides the server's own value, and what only an administrator may see is not there at all: both are unread.
 */
export async function readServerSettings(client: PostgresClient): Promise<Part> {
  const { rows } = await client.query<{ values: Record<string, string>; unread: string[] | null }>(query, [names]);
  const { values, unread } = rows[0] ?? { values: {}, unread: null };
  return { kind: "server", rows: [{ ...values, name: "settings", unread }] };
}

const query = `
  SELECT coalesce(json_object_agg(wanted.name, s.setting) FILTER (WHERE s.setting IS DISTINCT FROM s.boot_val AND NOT hidden), '{}') AS values,
    json_agg(wanted.name) FILTER (WHERE hidden OR s.name IS NULL AND wanted.name = 'shared_preload_libraries') AS unread
  FROM unnest($1::text[]) AS wanted (name)
  LEFT JOIN pg_catalog.pg_settings s ON s.name = wanted.name
  CROSS JOIN LATERAL (SELECT coalesce(s.source IN ('client', 'session', 'user', 'database', 'database user', 'interactive'), false) AS hidden) AS sight`;

const names: readonly string[] = [
  "DateStyle",
  "IntervalStyle",
  "TimeZone",
  "array_nulls",
  "autovacuum",
  "backslash_quote",
  "bytea_output",
  "data_checksums",
  "default_table_access_method",
  "default_tablespace",
  "default_text_search_config",
  "default_toast_compression",
  "default_transaction_deferrable",
  "default_transaction_isolation",
  "fsync",
  "full_page_writes",
  "lc_messages",
  "lc_monetary",
  "lc_numeric",
  "lc_time",
  "lo_compat_privileges",
  "max_prepared_transactions",
  "password_encryption",
  "row_security",
  "search_path",
  "session_replication_role",
  "shared_preload_libraries",
  "ssl",
  "standard_conforming_strings",
  "synchronous_commit",
  "track_commit_timestamp",
  "transform_null_equals",
  "wal_level",
  "xmlbinary",
  "xmloption",
];
