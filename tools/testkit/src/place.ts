import { join } from "node:path";
import { withClient, type PostgresClient } from "@org/postgres";
import { writeFiles, type Files } from "./files.ts";
import type { BinOptions } from "./run-process.ts";
import { withScratchDatabase } from "./scratch-database.ts";
import { withTempFolder } from "./temp-folder.ts";

/** Where a script works: a database with the state tables, and a folder with files. */
export interface Place {
  readonly url: string;
  readonly folder: string;
  /** A session beside those under test. */
  readonly client: PostgresClient;
}

/** Runs the test on a scratch database with the state tables, and on a folder with these files. */
export async function withPlace(files: Files, test: (place: Place) => Promise<void>): Promise<void> {
  await withScratchDatabase((url) => withPlaceIn(url, files, test));
}

/** The same in a database that is there, for what belongs to the whole server. */
export async function withPlaceIn(url: string, files: Files, test: (place: Place) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    await writeFiles(folder, files);
    await makeStateTables(url);
    await withClient({ url, applicationName: "test" }, (client) => test({ url, folder, client }));
  });
}

/** Makes the state tables in the schema `platform`, as init-database does. */
export async function makeStateTables(url: string): Promise<void> {
  const { applyStateMigrations } = await import("@org/script/history");
  await withClient({ url, applicationName: "test" }, (client) => applyStateMigrations(client, "platform"));
}

/** What a command needs to work there, with its reports in the folder too. */
export function commandOptions({ url, folder }: Pick<Place, "url" | "folder">): BinOptions & Required<Pick<BinOptions, "cwd" | "env">> {
  return { cwd: folder, env: { DATABASE_URL: url, REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") } };
}

/** The migration history as `version status` lines, with `down` between for a way back, oldest first. */
export async function historyLines(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    "SELECT concat_ws(' ', version, nullif(direction, 'up'), status) AS line FROM platform.migration_history ORDER BY id",
  );
  return rows.map(({ line }) => line);
}
