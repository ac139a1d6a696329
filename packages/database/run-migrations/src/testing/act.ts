import type { Place } from "@org/testkit";
import { runMigrations, type MigrationStatus } from "../index.ts";

type Input = NonNullable<Parameters<typeof runMigrations>[0]>;

/** One action of the script on a place. */
export async function act({ url, folder }: Place, action: string, more: Input & { readonly dryRun?: boolean } = {}): Promise<{ exitCode: number; data: MigrationStatus | null }> {
  const { dryRun = false, ...input } = more;
  return runMigrations({ databaseUrl: url, directory: folder, ...input }, { action, dryRun });
}
