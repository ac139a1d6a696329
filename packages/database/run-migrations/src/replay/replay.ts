import { ScriptError, isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { toPostgresError, withClient, type PostgresClient } from "@org/postgres";
import { applyMigrations } from "../apply-migrations.ts";
import type { MigrationCollection } from "../read-migrations.ts";
import { baselineStatements, readSession } from "./baseline.ts";
import { withinDatabase } from "./cluster-statements.ts";
import { deployExtensionFiles, installExtensions } from "./extensions.ts";
import type { ReplayGround } from "./ground.ts";
import { withScratchDatabase } from "./scratch-database.ts";

export interface ReplayOptions {
  /** The server to replay on: a database of it, in which nothing is touched. */
  readonly url: string;
  readonly collection: MigrationCollection;
  readonly ground: ReplayGround;
  /** The script that replays, as pg_stat_activity shows it. */
  readonly applicationName: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Applies the collection in another way than one file after the other; it is called again when it stops for an object that is not there. */
  readonly apply?: ((client: PostgresClient) => Promise<void>) | undefined;
}

export interface Replay {
  /** Connected to the scratch database; statements about roles and databases do not leave it. */
  readonly client: PostgresClient;
  readonly url: string;
  /** The role that owns what the migrations made. */
  readonly role: string;
}

/**
 * What the migrations make: replays them, then what deploy-extensions does, in a scratch database, lets the work look at it and drops it. Throws a
 * ScriptError that says why it could not replay: permission (no right to create databases), checkFailed (a file does not run here any more).
 */
export async function withReplay<T>(options: ReplayOptions, work: (replay: Replay) => Promise<T>): Promise<T> {
  let order: Order = { schemasFirst: true, extensionsFirst: false };
  for (const tried = new Set<string>(); ; ) {
    tried.add(JSON.stringify(order));
    const outcome = await replayOnce(options, order, work);
    if ("value" in outcome) return outcome.value;
    const next = otherOrder(outcome.error, order);
    if (next === undefined || tried.has(JSON.stringify(next))) throw cannotReplay(outcome.error, options.url);
    options.logger.debug(`The replay stopped (${(outcome.error as Error).message}); it is tried with ${describe(next)}.`);
    order = next;
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

/** A failed replay may succeed in another order; what the work throws is its own. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function replayOnce<T>(options: ReplayOptions, order: Order, work: (replay: Replay) => Promise<T>): Promise<Outcome<T>> {
  const { url, signal, logger, ground, applicationName } = options;
  const { database, locale } = ground.baseline;
  return withScratchDatabase({ url, locale, signal, logger }, (scratchUrl, scratch, whileThere) =>
    withClient({ url: withoutWaiting(scratchUrl), applicationName, signal: whileThere }, async (client): Promise<Outcome<T>> => {
      const confined = withinDatabase(client, { database, scratch, logger });
      const made = await makeSchema(confined, options, order).then((role) => ({ role }), (error: unknown) => ({ error }));
      return "error" in made ? made : { value: await work({ client: confined, url: scratchUrl, role: made.role }) };
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
  const { ground, collection, logger, signal } = options;
  const apply = options.apply ?? (async () => void (await applyMigrations({ client, collection, history: null, signal, logger })));
  const { baseline, scope, extensions, extensionFiles } = ground;
  const session = await readSession(client);
  const prepared = order.schemasFirst ? baseline : { ...baseline, schemas: [], defaults: [] };
  await client.query(["", ...baselineStatements(prepared, scope, session)].join(";\n"));
  if (order.extensionsFirst) await installExtensions(client, extensions, logger);
  await apply(client);
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
