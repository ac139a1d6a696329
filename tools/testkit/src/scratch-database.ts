import { randomBytes } from "node:crypto";
import { execute } from "./execute.ts";
import { postgresServer } from "./shared-servers.ts";

export interface ScratchDatabase {
  /** Of the superuser. */
  readonly url: string;
  readonly name: string;
  /** Ends its sessions and removes it. */
  drop(): Promise<void>;
}

/** An empty database on the shared server, or on the shared embedded one. */
export async function createScratchDatabase(options: Parameters<typeof postgresServer>[0] = {}): Promise<ScratchDatabase> {
  const server = await postgresServer(options);
  const name = `scratch_${randomBytes(6).toString("hex")}`;
  await execute(server.url, `CREATE DATABASE ${name}`);
  const url = new URL(server.url);
  url.pathname = name;
  return { url: url.href, name, drop: () => execute(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Runs the test on an empty database and removes it afterwards. */
export async function withScratchDatabase<T>(test: (url: string, database: { readonly name: string }) => Promise<T>): Promise<T> {
  const database = await createScratchDatabase();
  try {
    return await test(database.url, { name: database.name });
  } finally {
    await database.drop();
  }
}
