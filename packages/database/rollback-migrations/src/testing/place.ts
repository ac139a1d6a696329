import type { PostgresClient } from "@org/postgres";
import { runMigrations } from "@org/run-migrations";
import { withPlace, type Files, type Place } from "@org/testkit";
import { rollbackMigrations } from "../index.ts";
import type { RollbackStatus } from "../rollback-status.ts";

/** As `withPlace`, with everything applied. */
export async function withApplied(files: Files, work: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(files, async (place) => {
    await apply(place);
    await work(place);
  });
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

/** The tables of the schema public, by name. */
export async function tables(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  return rows.map(({ name }) => name);
}
