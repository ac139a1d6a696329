import { createHash } from "node:crypto";
import { withClient, type PostgresClient } from "@org/postgres";
import { readCatalogs, readInTransaction, toSnapshot, type Snapshot, type SnapshotScope } from "@org/postgres/schema";
import { createScratchDatabase, withTempFolder } from "@org/testkit";
import { execute, onDatabase, setUp, writeMigrations } from "./live-database.ts";
import { createRoles } from "./rich-schema.ts";

/** A migrated database on which drifts are planted one by one. */
export interface DriftingDatabase {
  readonly url: string;
  /** As the migrations made it. */
  readonly untouched: Snapshot;
  /** The one session in which drifts are planted. */
  readonly client: PostgresClient;
  /** As its transaction sees it. */
  read(): Promise<Snapshot>;
  /** As it is while the statements are in force; they are rolled back after. */
  after(sql: string): Promise<Snapshot>;
  drop(): Promise<void>;
}

export interface DriftingOptions {
  readonly embedded: boolean;
  readonly migrations: Readonly<Record<string, string>>;
  readonly scope: SnapshotScope;
}

export async function createDriftingDatabase({ embedded, migrations, scope }: DriftingOptions): Promise<DriftingDatabase> {
  const database = await createScratchDatabase({ embedded });
  const { url } = database;
  await execute(url, createRoles);
  await withTempFolder(async (folder) => setUp(url, await writeMigrations(folder, migrations)));
  const untouched = await onDatabase(url, async (client) => toSnapshot(await readCatalogs(client, scope)));
  const { client, end } = await openSession(url);
  const read = async (): Promise<Snapshot> => toSnapshot(await readInTransaction(planned(client), scope));
  const after = async (sql: string): Promise<Snapshot> => {
    try {
      await client.query(`BEGIN; ${sql}`);
      return await read();
    } finally {
      await client.query("ROLLBACK");
    }
  };
  return { url, untouched, client, read, after, drop: () => end().then(() => database.drop()) };
}

/** A session that stays open until it is ended. */
async function openSession(url: string): Promise<{ readonly client: PostgresClient; readonly end: () => Promise<void> }> {
  const [opened, ended] = [Promise.withResolvers<PostgresClient>(), Promise.withResolvers<void>()];
  const session = withClient({ url: `${url}?options=-c%20plan_cache_mode%3Dforce_generic_plan`, applicationName: "validate-schema-consistency test" }, async (client) => {
    opened.resolve(client);
    await ended.promise;
  });
  session.catch(opened.reject);
  const end = async (): Promise<void> => {
    ended.resolve();
    await session;
  };
  return { client: await opened.promise, end };
}

/** Planning the query of all catalogs takes longer than running it, so it is planned once. */
function planned(client: PostgresClient): PostgresClient {
  return {
    query: (text, values) => (text.length < 1000 ? client.query(text, values) : client.query({ name: createHash("md5").update(text).digest("hex"), text, values } as never)),
  };
}
