import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withClient, type PostgresClient } from "@org/postgres";
import { runMigrations } from "@org/run-migrations";
import { applyStateMigrations } from "@org/script/history";

/** Writes a collection of migrations and gives its folder. */
export async function writeMigrations(parent: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(parent, "migrations");
  await mkdir(directory, { recursive: true });
  for (const [name, sql] of Object.entries(files)) await writeFile(join(directory, name), sql);
  return directory;
}

/** Runs the work in one session. */
export async function onDatabase<T>(url: string, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withClient({ url, applicationName: "validate-schema-consistency test" }, work);
}

export async function execute(url: string, ...statements: readonly string[]): Promise<void> {
  await onDatabase(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

/** Makes the state tables and applies the migrations, as the setup scripts do. */
export async function setUp(url: string, directory: string): Promise<void> {
  await onDatabase(url, (client) => applyStateMigrations(client, "platform"));
  const { verdict, checks } = await runMigrations({ databaseUrl: url, directory });
  if (verdict !== "pass") throw new Error(JSON.stringify(checks));
}
