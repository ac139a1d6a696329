import { parsePostgresUrl, withClient, withDatabase, type PostgresClient } from "@org/postgres";
import { runChecks, type Check, type CheckResult, type Result, type RunContext, type Secret } from "@org/script";
import { applyMissing, refuseMissingRights, type Application } from "./apply.ts";
import type { Catalog } from "./catalog.ts";
import { defaultCredentialsFile } from "./credentials.ts";
import { desiredState } from "./desired.ts";
import { differences } from "./differences.ts";
import { missingRights, plan, type Step } from "./plan.ts";
import { survey } from "./server.ts";
import { unverified, verify } from "./verify.ts";

export interface InitSettings {
  readonly databaseUrl: Secret;
  readonly database: string | undefined;
  readonly owner: string | undefined;
  readonly rolePrefix: string | undefined;
  readonly schemas: readonly string[];
  readonly stateSchema: string;
  readonly supabase: boolean;
  readonly credentialsFile: string | undefined;
}

/** What was made, or would be in a dry run. */
export interface InitData {
  readonly database: string;
  /** In the order in which they ran; passwords are placeholders. */
  readonly changes: readonly Change[];
  /** What differs from what would be made and is left as it is. */
  readonly leftAlone: readonly { readonly object: string; readonly found: string; readonly remedy: string }[];
  /** What an administrator must run before; only a dry run gets so far with some of it missing. */
  readonly missingRights: readonly string[];
  /** The env file with the connection URLs of the roles that were made. */
  readonly credentialsFile: string | null;
  readonly stateVersion: number | null;
}

export interface Change {
  readonly title: string;
  readonly sql: string;
}

/** Plans from the catalog, makes what is missing and holds the result against the plan. */
export async function initDatabase(context: RunContext<InitSettings>): Promise<Result<InitData>> {
  const application = prepare(context);
  const { desired, server, logger } = application;
  const before = await survey(server, desired);
  const steps = plan(desired, before);
  if (context.dryRun) return foretell(context, application, { catalog: before, steps });
  refuseMissingRights(steps, before);
  const made = steps.length === 0 ? [] : await applyMissing(application, before);
  if (made.length === 0) logger.info("Everything exists already, nothing was changed");
  const after = steps.length === 0 ? before : await survey(server, desired);
  tellDifferences(application, after);
  return { checks: [...verify(desired, after), ...(await customChecks(context, application))], data: describe(application, { catalog: after, steps: made }) };
}

function prepare({ settings, config, stateDir, signal, logger }: RunContext<InitSettings>): Application {
  const url = settings.databaseUrl.reveal();
  const fromConfig = namesDatabase(url) ? undefined : config.database?.name;
  const desired = desiredState({ ...settings, database: settings.database ?? fromConfig ?? parsePostgresUrl(url).database });
  const place = { url, database: desired.database };
  const file = settings.credentialsFile ?? defaultCredentialsFile(stateDir, place);
  return { desired, logger, server: { url, signal }, credentials: { ...place, file, ownFolder: settings.credentialsFile === undefined } };
}

/** The URL comes before the config, because the other scripts connect to what it names. */
function namesDatabase(url: string): boolean {
  return /^\w+:\/\/[^/?#]*\/[^?#]/.test(url) || /[?&]dbname=[^&]/.test(url);
}

interface Planned {
  readonly catalog: Catalog;
  readonly steps: readonly Step[];
}

async function foretell(context: RunContext<InitSettings>, application: Application, planned: Planned): Promise<Result<InitData>> {
  const missing = missingRights(planned.steps);
  if (missing.length > 0) application.logger.warning(`An administrator must first run: ${missing.join(" ")}`);
  tellDifferences(application, planned.catalog);
  return { checks: [...unverified(), ...(await customChecks(context, application))], data: describe(application, planned) };
}

function tellDifferences({ desired, logger }: Application, catalog: Catalog): void {
  for (const { object, found, risky } of differences(desired, catalog)) {
    const message = `Left as it is: ${object} ${found}`;
    if (risky) logger.warning(message);
    else logger.info(message);
  }
}

type CheckContext = { readonly client: PostgresClient };

/** The config's own checks, in a read-only session of the database. */
async function customChecks(context: RunContext<InitSettings>, { server, desired }: Application): Promise<CheckResult[]> {
  if (context.checks.length === 0) return [];
  const url = withDatabase(server.url, desired.database);
  const open = (use: (opened: CheckContext) => Promise<void>): Promise<void> =>
    withClient({ url, applicationName: "init-database", readOnly: true, signal: server.signal }, (client) => use({ client }));
  return runChecks({ checks: context.checks as readonly Check<CheckContext>[], open, context });
}

function describe({ desired, credentials }: Application, { catalog, steps }: Planned): InitData {
  return {
    database: desired.database,
    changes: steps.map(({ title, sql }) => ({ title, sql })),
    leftAlone: differences(desired, catalog).map(({ object, found, remedy }) => ({ object, found, remedy })),
    missingRights: missingRights(steps),
    credentialsFile: steps.some(({ login }) => login !== undefined) ? credentials.file : null,
    stateVersion: catalog.database.stateVersion,
  };
}
