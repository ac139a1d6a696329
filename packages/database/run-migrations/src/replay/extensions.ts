import type { Logger } from "@org/logging";
import { quoteIdentifier, type PostgresClient } from "@org/postgres";
import type { ExtensionRequirement } from "@org/script";
import type { ExtensionFile } from "./extension-files.ts";

/** Installs what the config asks for and the server has, as deploy-extensions does; what is installed stays as it is. */
export async function installExtensions(client: PostgresClient, extensions: readonly ExtensionRequirement[], logger: Logger): Promise<void> {
  const { rows } = await client.query<{ name: string }>("SELECT name::text FROM pg_available_extensions WHERE name = ANY ($1)", [
    extensions.map(({ name }) => name),
  ]);
  const available = new Set(rows.map(({ name }) => name));
  for (const { name, schema } of extensions) {
    if (!available.has(name)) {
      logger.debug(`The extension ${name} is not available here; it is left out of what is expected.`);
      continue;
    }
    if (schema !== undefined) await makeSchema(client, schema);
    const into = schema === undefined ? "" : ` SCHEMA ${quoteIdentifier(schema)}`;
    await client.query(`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${into} CASCADE`);
  }
}

// Not "IF NOT EXISTS": that asks for the right to create also when there is nothing to create.
async function makeSchema(client: PostgresClient, schema: string): Promise<void> {
  const { rows } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
  if (rows.length === 0) await client.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
}

/** Runs each file as one text, which the server splits itself. */
export async function deployExtensionFiles(client: PostgresClient, files: readonly ExtensionFile[]): Promise<void> {
  for (const { sql } of files) await client.query(sql);
}

