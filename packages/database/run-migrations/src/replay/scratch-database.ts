import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isScriptError, ScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { isConnectionLoss, quoteIdentifier, quoteLiteral, toPostgresError, withClient, withClientAndOthers, withDatabase, type PostgresClient, type PostgresOptions } from "@org/postgres";

export interface ScratchOptions {
  /** A database of the server to work on; nothing in it is touched. */
  readonly url: string;
  /** How text is to be encoded and sorted: as in the live database. */
  readonly locale: DatabaseLocale;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export interface DatabaseLocale {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly provider: string;
  readonly icuLocale: string | null;
}

const prefix = "platform_scratch_";
const mark = "Scratch database of Platform Scripts; it may be dropped when no session has its name.";

/**
 * Runs the work on an empty database of its own and drops it after, whatever happens; also drops what killed runs left. The signal that the work gets is
 * aborted with the options' own, and when the session that made the database is lost. Throws a ScriptError (permission) when the role may not create databases.
 */
export async function withScratchDatabase<T>(options: ScratchOptions, work: (url: string, name: string, signal: AbortSignal) => Promise<T>): Promise<T> {
  const name = `${prefix}${new Date().toISOString().replaceAll(/\D/gu, "").slice(0, 14)}_${randomBytes(4).toString("hex")}`;
  // The session lives as long as the database is used and carries its name: that is how other runs know it is in use.
  // The abort does not reach it: a CREATE that is cut off could still succeed, and the DROP must run.
  const session = { url: options.url, applicationName: name, statementTimeoutMs: 30_000 };
  return withClientAndOthers(session, async (admin, whileThere) => {
    // The live database may let its migrator act as the owner of the schemas, who has no business making databases.
    await admin.query("SET ROLE NONE");
    await dropLeftovers(admin, options.logger);
    try {
      await create(admin, name, options);
      options.signal.throwIfAborted();
      return await work(withDatabase(options.url, name), name, AbortSignal.any([options.signal, whileThere]));
    } finally {
      await dropOwn(admin, session, options.logger);
    }
  });
}

/** When its session is lost, another one drops it; a server that has just restarted needs a moment. */
async function dropOwn(admin: PostgresClient, session: PostgresOptions, logger: Logger): Promise<void> {
  const { applicationName: name } = session;
  let error = await tryToDrop(admin, name);
  for (const end = performance.now() + renewalMs; isLost(error) && performance.now() < end; await delay(250)) {
    error = await withClient(session, (again) => tryToDrop(again, name)).catch((lost: unknown) => lost);
  }
  if (error !== undefined) logger.warning(`The scratch database ${name} could not be dropped and is left to the next run: ${(error as Error).message}.`);
}

const renewalMs = 5000;

function isLost(error: unknown): boolean {
  return isConnectionLoss(error) || (isScriptError(error) && error.code === "connection");
}

/** What the work found, or why it failed, is worth more than an error of the cleaning up; the next run tries again. */
async function tryToDrop(admin: PostgresClient, name: string): Promise<unknown> {
  return admin.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`).then(() => undefined, (error: unknown) => error);
}

async function create(admin: PostgresClient, name: string, { locale, url }: ScratchOptions): Promise<void> {
  const statement = `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING ${quoteLiteral(locale.encoding)} ${localeSql(locale)}`;
  try {
    await admin.query(statement);
    await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(mark)}`);
  } catch (error) {
    throw cannotCreate(toPostgresError(error, { url, doing: "create a scratch database to replay the migrations in", statement }));
  }
}

function localeSql({ collate, ctype, provider, icuLocale }: DatabaseLocale): string {
  const shared = `LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}`;
  if (provider === "i" && icuLocale !== null) return `${shared} LOCALE_PROVIDER icu ICU_LOCALE ${quoteLiteral(icuLocale)}`;
  if (provider === "b" && icuLocale !== null) return `${shared} LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteLiteral(icuLocale)}`;
  return shared;
}

function cannotCreate(error: unknown): unknown {
  if (!isScriptError(error) || error.code !== "permission") return error;
  const hint = `${error.hint ?? "Let the role create databases."} Or let --shadow-url name a server where that is allowed.`;
  return new ScriptError("permission", error.message, { hint, cause: error });
}

interface Leftover {
  readonly name: string;
  readonly marked: boolean;
  readonly mine: boolean;
}

const leftoversQuery = `
  SELECT d.datname AS name, coalesce(shobj_description(d.oid, 'pg_database') = $2, false) AS marked, pg_has_role(d.datdba, 'USAGE') AS mine
  FROM pg_database d
  WHERE d.datname ~ ('^' || $1 || '[0-9]{14}_[0-9a-f]{8}$')
    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.datname)`;

/** Only what carries the name and the mark and belongs to this role is dropped; of the rest the operator is told. */
async function dropLeftovers(admin: PostgresClient, logger: Logger): Promise<void> {
  const { rows } = await admin.query<Leftover>(leftoversQuery, [prefix, mark]);
  for (const { name, marked, mine } of rows) {
    if (marked && mine) {
      const error = await tryToDrop(admin, name);
      if (error === undefined) logger.info(`Dropped ${name}, the scratch database of a run that was killed.`);
      else logger.warning(`The scratch database ${name} of a killed run could not be dropped: ${(error as Error).message}.`);
    } else {
      logger.warning(`The database ${name} looks like the scratch database of a killed run; drop it if it is: DROP DATABASE ${quoteIdentifier(name)};`);
    }
  }
}
