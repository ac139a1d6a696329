import { ScriptError } from "@org/exit-codes";
import { toPostgresError, withClient } from "@org/postgres";
import { readCatalogs, storeReading } from "@org/postgres/schema";
import { checkResult, pass, skipped, writeFileSafely, type CheckResult, type RunContext } from "@org/script";
import { catalogSession } from "./catalog-session.ts";
import type { ValidateSettings } from "./settings.ts";

/** A snapshot that was stored. */
export interface WrittenSnapshot {
  readonly file: string;
  readonly objects: number;
  readonly bytes: number;
}

interface Taken {
  readonly checks: readonly CheckResult[];
  /** null in a dry run. */
  readonly data: WrittenSnapshot | null;
}

const check = { id: "snapshot.written", title: "The snapshot is written" };

/** Stores what the schema is like in a file. Throws a ScriptError when no file is named, or when the database or the file refuses. */
export async function takeSnapshot({ settings, config, dryRun, signal }: RunContext<ValidateSettings>): Promise<Taken> {
  const { snapshot: file, stateSchema } = settings;
  if (file === undefined) throw new ScriptError("configuration", "the action snapshot needs a file to write", { hint: "Name it with --snapshot FILE." });
  if (dryRun) return { checks: [checkResult(check, skipped(`dry run: ${file} would be written`))], data: null };
  const url = settings.databaseUrl.reveal();
  const reading = await withClient({ ...catalogSession, url, signal }, (client) => readCatalogs(client, { stateSchema, include: config.schema?.include, clusterWide: true })).catch((error: unknown) => {
    signal.throwIfAborted();
    throw toPostgresError(error, { url, doing: "read the schema" });
  });
  const text = storeReading(reading, { indent: 1 });
  await writeFileSafely(file, text);
  const data = { file, objects: reading.parts.reduce((sum, { rows }) => sum + rows.length, 0), bytes: Buffer.byteLength(text) };
  return { checks: [checkResult(check, pass(`${data.objects} objects are in ${file}`, { value: data.bytes, unit: "bytes" }))], data };
}
