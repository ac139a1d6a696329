import { isScriptError, ScriptError } from "@org/exit-codes";
import { toPostgresError, withClient, withDatabase, type PostgresClient } from "@org/postgres";
import { readCatalog, readCatalogWithoutDatabase, type Catalog } from "./catalog.ts";
import type { Desired } from "./desired.ts";

/** The server to work on, and how. */
export interface Server {
  readonly url: string;
  readonly signal: AbortSignal;
}

/** Connects to the desired database. Throws a ScriptError (dependency) when it is not there; `isMissingDatabase` recognises it. */
export function withTarget<T>({ url, signal }: Server, database: string, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withClient({ url: withDatabase(url, database), applicationName: "init-database", lockTimeoutMs, signal }, work);
}

/** Connects to a database that every server has. Throws the first error when the session may enter none. */
export async function withMaintenance<T>(server: Server, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  let entered = false;
  const enter = (client: PostgresClient): Promise<T> => {
    entered = true;
    return work(client);
  };
  try {
    return await withTarget(server, "postgres", enter);
  } catch (error) {
    // The login worked before, so a refusal here concerns this one database.
    if (entered || !isScriptError(error) || server.signal.aborted) throw error;
    return await withTarget(server, "template1", enter).catch((second: unknown) => {
      throw entered ? second : error;
    });
  }
}

/** What there is now, changing nothing. Throws a ScriptError (configuration) for a server that takes no writes. */
export async function survey(server: Server, desired: Desired): Promise<Catalog> {
  const catalog = await look(server, desired);
  if (!catalog.session.standby) return catalog;
  throw new ScriptError("configuration", "the server is a standby and takes no writes", { hint: "Let DATABASE_URL name the primary." });
}

async function look(server: Server, desired: Desired): Promise<Catalog> {
  try {
    return await withTarget(server, desired.database, (client) => readCatalog(client, desired));
  } catch (error) {
    if (!isMissingDatabase(error)) throw toPostgresError(error, { url: withDatabase(server.url, desired.database), doing: "look at what there is" });
    return withMaintenance(server, (client) => readCatalogWithoutDatabase(client, desired));
  }
}

function isMissingDatabase(error: unknown): boolean {
  return isScriptError(error) && sqlState(error.cause) === "3D000";
}

/** The SQLSTATE of an error that the server sent. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && "severity" in error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

// A table that is busy for longer keeps its rights for now rather than that all who want it queue behind this session.
const lockTimeoutMs = 10_000;
