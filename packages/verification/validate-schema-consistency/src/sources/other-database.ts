import { toPostgresError, withClient } from "@org/postgres";
import { readCatalogs, type SnapshotScope } from "@org/postgres/schema";
import type { Expected } from "./source.ts";
import { catalogSession } from "../catalog-session.ts";

export interface OtherDatabase {
  readonly url: string;
  readonly scope: SnapshotScope;
  readonly signal: AbortSignal;
}

/** The schema of another database, read without changing anything. Throws a ScriptError that names the database when it cannot be read. */
export async function readOtherDatabase({ url, scope, signal }: OtherDatabase): Promise<Expected> {
  const reading = await withClient({ ...catalogSession, url, signal }, (client) => readCatalogs(client, scope)).catch((error: unknown) => {
    signal.throwIfAborted();
    throw toPostgresError(error, { url, doing: "read the schema to compare with" });
  });
  return { reading, standIns: () => ({}), comparable: (read) => read };
}
