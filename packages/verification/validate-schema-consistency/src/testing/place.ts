import { withDatabase } from "@org/postgres";
import type { Report } from "@org/script";
import { runBin, withTempFolder, type PrivatePostgres, type ProcessResult } from "@org/testkit";
import type { SchemaConsistency } from "../index.ts";
import { execute, onDatabase, setUp, writeMigrations } from "./live-database.ts";
import { smallMigrations } from "./small-schema.ts";

export interface Place {
  readonly url: string;
  readonly folder: string;
  readonly directory: string;
}

let count = 0;

/** A migrated database of the server and the folder of its migrations; `name` is what the next one will be called. */
export async function withPlace(server: PrivatePostgres, work: (place: Place) => Promise<void>, files: Readonly<Record<string, string>> = smallMigrations): Promise<void> {
  const name = nextName();
  count += 1;
  await execute(server.url, `CREATE DATABASE ${name}`);
  await withTempFolder(async (folder) => {
    const url = withDatabase(server.url, name);
    const directory = await writeMigrations(folder, files);
    await setUp(url, directory);
    await work({ url, folder, directory });
  });
}

/** The database that the next place gets. */
export function nextName(): string {
  return `live_${count + 1}`;
}

/** Runs the command as a process of its own, with JSON on its standard output. */
export function run({ url, folder }: Pick<Place, "url" | "folder">, args: readonly string[] = [], env: Record<string, string> = {}): Promise<ProcessResult> {
  return runBin("validate-schema-consistency", ["--json", "--no-history", ...args], { cwd: folder, env: { DATABASE_URL: url, LOG_LEVEL: "info", ...env } });
}

export function asRole(url: string, role: string, password: string): string {
  return Object.assign(new URL(url), { username: role, password }).href;
}

export function reportOf({ stdout }: ProcessResult): Report<SchemaConsistency> {
  return JSON.parse(stdout) as Report<SchemaConsistency>;
}

export async function scratchDatabases(server: PrivatePostgres): Promise<readonly string[]> {
  return onDatabase(server.url, async (client) => {
    const { rows } = await client.query<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname LIKE 'platform\\_scratch\\_%'");
    return rows.map(({ name }) => name);
  });
}

export function verdictOf(report: Report, id: string): string | undefined {
  return report.checks.find((check) => check.id === id)?.verdict;
}

/** Waits until something is so. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await isTrue()); ) {
    if (Date.now() > end) throw new Error("it did not come true");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
