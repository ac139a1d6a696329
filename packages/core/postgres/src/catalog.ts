import type { PostgresClient } from "./client.ts";

export interface ServerVersion {
  /** As the server compares it: 150018 is 15.18. */
  readonly number: number;
  /** Without the packager's words: "15.18". */
  readonly text: string;
}

export async function serverVersion(client: PostgresClient): Promise<ServerVersion> {
  const { rows } = await client.query<{ number: number; text: string }>(
    "SELECT current_setting('server_version_num')::int AS number, split_part(current_setting('server_version'), ' ', 1) AS text",
  );
  if (rows[0] === undefined) throw new Error("the server did not tell its version");
  return rows[0];
}

/** Whether a table, partitioned table, view or foreign table of that exact name exists. Needs no right on it. */
export async function tableExists(client: PostgresClient, schema: string, name: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema, name],
  );
  return rows.length > 0;
}
