import { quoteIdentifier, type PostgresClient } from "@org/postgres";
import type { RawReading, Reading } from "@org/postgres/schema";

/** A run that stored what the schema was like when it had ended its work. */
export interface SnapshotOfRun {
  readonly runId: string;
  /** ISO 8601. */
  readonly takenAt: string;
}

/** As many runs keep their snapshot; each new one removes what is older. */
const kept = 50;

/** Stores the schema as a run left it, packed, and removes the oldest ones. Needs the rights to insert and to delete. */
export async function storeSnapshotOfRun(client: PostgresClient, schema: string, { runId, reading }: { readonly runId: string; readonly reading: RawReading }): Promise<void> {
  const { storeRawReading } = await import("@org/postgres/schema");
  const content = await pack(storeRawReading(reading));
  const table = tableIn(schema);
  await client.query(
    `with old as (delete from ${table} where run_id in (select run_id from ${table} order by taken_at desc, run_id desc offset ${kept - 1}))
     insert into ${table} (run_id, content) values ($1, $2)`,
    [runId, content],
  );
}

/** The runs that stored a snapshot, the newest first. Throws the server's error when the table is missing or may not be read. */
export async function listSnapshotsOfRuns(client: PostgresClient, schema: string): Promise<readonly SnapshotOfRun[]> {
  const { rows } = await client.query<{ runId: string; takenAt: Date }>(
    `select run_id as "runId", taken_at as "takenAt" from ${tableIn(schema)} order by taken_at desc, run_id desc`,
  );
  return rows.map(({ runId, takenAt }) => ({ runId, takenAt: takenAt.toISOString() }));
}

/** What a run stored. Throws a ScriptError (configuration) when another release, which reads other things, stored it. */
export async function readSnapshotOfRun(client: PostgresClient, schema: string, runId: string): Promise<Reading> {
  const { rows } = await client.query<{ content: Buffer }>(`select content from ${tableIn(schema)} where run_id = $1`, [runId]);
  if (rows[0] === undefined) throw new Error(`the run ${runId} has no snapshot any more`);
  const { parseReading } = await import("@org/postgres/schema");
  return parseReading(await unpack(rows[0].content), `the snapshot of the run ${runId}`);
}

// Imported where it is used, as few runs need it; and without node:util, which looks at the standard error of the process that loads it.
async function pack(text: string): Promise<Buffer> {
  const { gzip } = await import("node:zlib");
  return new Promise((resolve, reject) => gzip(text, { level: 1 }, (error, packed) => (error === null ? resolve(packed) : reject(error))));
}

async function unpack(content: Buffer): Promise<string> {
  const { gunzip } = await import("node:zlib");
  return new Promise((resolve, reject) => gunzip(content, (error, text) => (error === null ? resolve(text.toString("utf8")) : reject(error))));
}

function tableIn(schema: string): string {
  return `${quoteIdentifier(schema)}.schema_snapshots`;
}
