import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withClient, type PostgresClient } from "@org/postgres";
import { runMigrations } from "@org/run-migrations";
import { applyStateMigrations } from "@org/script/history";
import { withScratchDatabase, withTempFolder } from "@org/testkit";
import { rollbackMigrations } from "../index.ts";
import type { RollbackStatus } from "../rollback-status.ts";

export type Files = Readonly<Record<string, string>>;

/** A scratch database with the state tables, and a folder with migrations. */
export interface Place {
  readonly url: string;
  readonly folder: string;
  /** A session beside those under test. */
  readonly client: PostgresClient;
}

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

/** The same with everything applied. */
export async function withApplied(files: Files, work: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(files, async (place) => {
    await apply(place);
    await work(place);
  });
}

/** Writes the files into a folder, over what is there. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

export async function apply({ url, folder }: Pick<Place, "url" | "folder">, input: Parameters<typeof runMigrations>[0] = {}): Promise<void> {
  const { exitCode, data } = await runMigrations({ databaseUrl: url, directory: folder, ...input });
  if (exitCode !== 0) throw new Error(`run-migrations ended with ${exitCode}: ${data?.failure?.message}`);
}

type Input = NonNullable<Parameters<typeof rollbackMigrations>[0]>;

export interface Outcome {
  readonly exitCode: number;
  readonly data: RollbackStatus;
  /** The verdict and the evidence of each check, by the last part of its id. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Rolls back as told, from a program. */
export async function back({ url, folder }: Pick<Place, "url" | "folder">, { dryRun = false, ...input }: Input & { readonly dryRun?: boolean }): Promise<Outcome> {
  const { exitCode, data, checks } = await rollbackMigrations({ databaseUrl: url, directory: folder, ...input }, { dryRun });
  return { exitCode, data: data!, checks: Object.fromEntries(checks.map(({ id, verdict, evidence }) => [id.split(".").at(-1)!, `${verdict}: ${evidence}`])) };
}

/** The history as `version direction status` lines, oldest first. */
export async function historyLines(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>("SELECT concat_ws(' ', version, direction, status) AS line FROM platform.migration_history ORDER BY id");
  return rows.map(({ line }) => line);
}

/** The tables of the schema public, by name. */
export async function tables(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  return rows.map(({ name }) => name);
}
