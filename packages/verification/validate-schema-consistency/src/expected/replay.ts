import { ScriptError, isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { toPostgresError, withClient, type PostgresClient } from "@org/postgres";
import type { MigrationCollection } from "@org/run-migrations";
import type { ExtensionRequirement } from "@org/script";
import { readCatalogs, type Reading, type SnapshotScope } from "../read-snapshot.ts";
import { baselineStatements, readSession, type Baseline, type BaselineScope } from "./baseline.ts";
import { withinDatabase } from "./cluster-statements.ts";
import { deployExtensionFiles, installExtensions } from "./extensions.ts";
import { withScratchDatabase } from "./scratch-database.ts";

export interface ReplayOptions {
  /** The server to replay on: a database of it, in which nothing is touched. */
  readonly url: string;
  readonly collection: MigrationCollection;
  readonly baseline: Baseline;
  readonly baselineScope: BaselineScope;
  readonly extensions: readonly ExtensionRequirement[];
  /** SQL that is deployed after the extensions, in order. */
  readonly extensionFiles: readonly ExtensionFile[];
  readonly scope: SnapshotScope;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export interface ExtensionFile {
  readonly path: string;
  readonly sql: string;
}

export interface Replay {
  readonly reading: Reading;
  /** The role that owns what the migrations made. */
  readonly role: string;
}

/**
 * What the migrations make: replays them, then what deploy-extensions does, in a scratch database, and reads that. Throws a ScriptError that says
 * why it could not: permission (no right to create databases), dependency (a file of the live database does not run here any more).
 */
export async function replay(options: ReplayOptions): Promise<Replay> {
  let order: Order = { schemasFirst: true, extensionsFirst: false };
  for (const tried = new Set<string>(); ; ) {
    tried.add(JSON.stringify(order));
    try {
      return await replayOnce(options, order);
    } catch (error) {
      const next = otherOrder(error, order);
      if (next === undefined || tried.has(JSON.stringify(next))) throw cannotReplay(error, options.url);
      options.logger.debug(`The replay stopped (${(error as Error).message}); it is tried with ${describe(next)}.`);
      order = next;
    }
  }
}

/** What was there before the first migration ran cannot be seen from the live database; it shows in the error of a wrong guess. */
interface Order {
  /** The schemas of the config are there before the migrations, as init-database leaves them. */
  readonly schemasFirst: boolean;
  /** The extensions are there before the migrations: a later release added migrations that need them. */
  readonly extensionsFirst: boolean;
}

function otherOrder(error: unknown, order: Order): Order | undefined {
  const state = sqlState(error);
  if (state === "42P06" && order.schemasFirst) return { ...order, schemasFirst: false };
  if (missingObject.has(state) && !order.extensionsFirst) return { ...order, extensionsFirst: true };
  return undefined;
}

/** undefined function, object, table, parameter; invalid schema name. */
const missingObject: ReadonlySet<string> = new Set(["42883", "42704", "42P01", "3F000"]);

function sqlState(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("severity" in at && "code" in at) return String(at.code);
    if ("failure" in at && typeof (at.failure as { sqlState?: unknown }).sqlState === "string") return (at.failure as { sqlState: string }).sqlState;
  }
  return "";
}

function describe({ schemasFirst, extensionsFirst }: Order): string {
  return `${schemasFirst ? "the config's schemas made before" : "the schemas left to the migrations"}, ${extensionsFirst ? "the extensions before" : "the extensions after"}`;
}

async function replayOnce(options: ReplayOptions, order: Order): Promise<Replay> {
  const { url, signal, logger, baseline, scope } = options;
  return withScratchDatabase({ url, locale: baseline.locale, signal, logger }, (scratchUrl, scratch) =>
    withClient({ url: withoutWaiting(scratchUrl), applicationName: "validate-schema-consistency", signal }, async (client) => {
      const confined = withinDatabase(client, { database: baseline.database, scratch, logger });
      const role = await makeSchema(confined, options, order);
      return { reading: await readCatalogs(client, scope), role };
    }),
  );
}

/** Nobody needs the scratch database after a crash, so its commits need not wait for the disk. */
function withoutWaiting(scratchUrl: string): string {
  const url = new URL(scratchUrl);
  url.searchParams.set("options", `${url.searchParams.get("options") ?? ""} -c synchronous_commit=off`.trim());
  return url.href;
}

async function makeSchema(client: PostgresClient, options: ReplayOptions, order: Order): Promise<string> {
  const { baseline, baselineScope, collection, extensions, extensionFiles, logger, signal } = options;
  const session = await readSession(client);
  const prepared = order.schemasFirst ? baseline : { ...baseline, schemas: [], defaults: [] };
  await client.query(["", ...baselineStatements(prepared, baselineScope, session)].join(";\n"));
  if (order.extensionsFirst) await installExtensions(client, extensions, logger);
  const { applyMigrations } = await import("@org/run-migrations");
  await applyMigrations({ client, collection, history: null, signal, logger });
  await installExtensions(client, extensions, logger);
  await deployExtensionFiles(client, extensionFiles);
  return session.user;
}

function cannotReplay(error: unknown, url: string): unknown {
  const known = toPostgresError(error, { url, doing: "replay the migrations in a scratch database" });
  if (!isScriptError(known) || known.code !== "general") return known;
  const hint = "The migrations must run from an empty database: mend the file, or let --shadow-url name a server that has what it needs.";
  return new ScriptError("checkFailed", known.message, { hint, cause: known });
}
