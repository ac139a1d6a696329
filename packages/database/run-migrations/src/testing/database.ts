import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withClient, type PostgresClient } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { withScratchDatabase, withTempFolder } from "@org/testkit";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes the files into a folder, over what is there. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

export interface Place {
  readonly url: string;
  readonly folder: string;
  /** A session beside those under test. */
  readonly client: PostgresClient;
}

/** A scratch database with the state tables, and a folder with migrations. */
export async function withPlace(files: Files, work: (place: Place) => Promise<void>): Promise<void> {
  await withScratchDatabase((url) =>
    withTempFolder(async (folder) => {
      await writeFiles(folder, files);
      await withClient({ url, applicationName: "test" }, async (client) => {
        await applyStateMigrations(client, "platform");
        await work({ url, folder, client });
      });
    }),
  );
}

/** The history as `version status` lines, oldest first. */
export async function historyLines(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    "SELECT version || ' ' || status AS line FROM platform.migration_history ORDER BY id",
  );
  return rows.map(({ line }) => line);
}
