import { ScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { advisoryLockKey, quoteIdentifier, toPostgresError, withAdvisoryLock, withTransaction, type PostgresClient } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { readCatalog, readCatalogWithoutDatabase, type Catalog } from "./catalog.ts";
import { issuePasswords, type CredentialsPlace, type Login } from "./credentials.ts";
import type { Desired } from "./desired.ts";
import { scramVerifier } from "./password.ts";
import { missingRights, plan, type Step } from "./plan.ts";
import { sqlState, withMaintenance, withTarget, type Server } from "./server.ts";

export interface Application {
  readonly server: Server;
  readonly desired: Desired;
  readonly credentials: CredentialsPlace;
  readonly logger: Logger;
}

/** Makes what is missing and gives back the steps that were taken. May run beside another of its kind. Throws a ScriptError (permission) before the first step that the session has no right to. */
export async function applyMissing(application: Application, catalog: Catalog): Promise<readonly Step[]> {
  const { server, desired } = application;
  const made = catalog.database.exists ? [] : await withMaintenance(server, (client) => locked(client, application, () => makeDatabase(client, application)));
  const filled = await withTarget(server, desired.database, (client) => locked(client, application, () => fillDatabase(client, application)));
  return [...made, ...filled];
}

/** Ends the run when an administrator must act first, with the statements to run. */
export function refuseMissingRights(steps: readonly Step[], { session }: Catalog): void {
  const statements = missingRights(steps);
  if (statements.length === 0) return;
  const blocked = steps.filter(({ missing }) => missing.length > 0).map(({ title }) => title);
  const more = blocked.length > 3 ? ` and ${blocked.length - 3} more` : "";
  throw new ScriptError("permission", `the role ${quoteIdentifier(session.user)} lacks the right to ${blocked.slice(0, 3).join(", to ")}${more}`, {
    hint: `Let an administrator run, then run this again: ${statements.join(" ")}`,
  });
}

// One key for all databases: roles belong to the whole server.
const lockKey = advisoryLockKey("platform-scripts init-database");

function locked(client: PostgresClient, { server }: Application, work: () => Promise<readonly Step[]>): Promise<readonly Step[]> {
  return withAdvisoryLock(client, { key: lockKey, waitMs: 60_000, signal: server.signal }, () => retried(work));
}

/** Somebody else made the same thing between the look and the step: look again. The lock cannot prevent it between databases. */
async function retried(work: () => Promise<readonly Step[]>): Promise<readonly Step[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 5 || !isCollision(error)) throw error;
    }
  }
}

/** Duplicate names, the database template in use, and "tuple concurrently updated". */
const collisions: ReadonlySet<string> = new Set(["42710", "42P04", "42P06", "42P07", "23505", "55006", "XX000"]);

function isCollision(error: unknown): boolean {
  return collisions.has(sqlState(error instanceof Error && sqlState(error) === undefined ? error.cause : error) ?? "");
}

async function makeDatabase(client: PostgresClient, application: Application): Promise<readonly Step[]> {
  const { rows } = await client.query("select 1 from pg_database where datname = $1", [application.desired.database]);
  if (rows.length > 0) return [];
  const catalog = await readCatalogWithoutDatabase(client, application.desired);
  const steps = plan(application.desired, catalog);
  refuseMissingRights(steps, catalog);
  return [...(await makeRoles(client, application, steps)), ...(await runSteps(client, application, { steps: ofPhase(steps, "database") }))];
}

async function fillDatabase(client: PostgresClient, application: Application): Promise<readonly Step[]> {
  const catalog = await readCatalog(client, application.desired);
  const steps = plan(application.desired, catalog);
  refuseMissingRights(steps, catalog);
  return [
    ...(await makeRoles(client, application, steps)),
    ...(await inTransaction(client, application, { steps: ofPhase(steps, "objects") })),
    ...(await changeState(client, application, { catalog, steps: ofPhase(steps, "state") })),
    ...(await inTransaction(client, application, { steps: ofPhase(steps, "stateGrants") })),
  ];
}

function ofPhase(steps: readonly Step[], phase: Step["phase"]): readonly Step[] {
  return steps.filter((step) => step.phase === phase);
}

async function makeRoles(client: PostgresClient, application: Application, steps: readonly Step[]): Promise<readonly Step[]> {
  const roles = ofPhase(steps, "roles");
  const logins = roles.flatMap(({ login }): Login[] => (login === undefined ? [] : [login]));
  if (logins.length === 0) return inTransaction(client, application, { steps: roles });
  const passwords = await issuePasswords(application.credentials, logins);
  const verifiers = new Map([...passwords.byRole].map(([role, password]) => [role, scramVerifier(password)]));
  try {
    return await inTransaction(client, application, { steps: roles, verifiers });
  } catch (error) {
    // After any other error it is not certain that the roles were not made.
    if (isCollision(error)) await passwords.withdraw();
    throw error;
  }
}

interface Batch {
  readonly steps: readonly Step[];
  /** Of the passwords, by role. */
  readonly verifiers?: ReadonlyMap<string, string>;
}

async function inTransaction(client: PostgresClient, application: Application, batch: Batch): Promise<readonly Step[]> {
  return batch.steps.length === 0 ? [] : withTransaction(client, () => runSteps(client, application, batch));
}

async function runSteps(client: PostgresClient, { server, logger }: Application, { steps, verifiers }: Batch): Promise<readonly Step[]> {
  for (const { title, sql, login } of steps) {
    logger.info(`${title[0]?.toUpperCase()}${title.slice(1)}`);
    const statement = login === undefined ? sql : login.sql(verifiers?.get(login.role) ?? "");
    await client.query(statement).catch((error: unknown) => {
      throw toPostgresError(error, { url: server.url, doing: title, statement: sql });
    });
  }
  return steps;
}

interface StateChange {
  readonly catalog: Catalog;
  readonly steps: readonly Step[];
}

/** As the owner of the state tables, so that they belong to one role whoever brings them to the next version. */
async function changeState(client: PostgresClient, { desired, server, logger }: Application, { catalog, steps }: StateChange): Promise<readonly Step[]> {
  if (steps.length === 0) return [];
  await client.query(`set role ${quoteIdentifier(catalog.database.stateOwner.name)}`);
  try {
    const applied = await applyStateMigrations(client, desired.stateSchema, { signal: server.signal });
    for (const { version, name } of applied) logger.info(`Brought the state tables to version ${version} (${name})`);
  } finally {
    await client.query("reset role");
  }
  return steps;
}
