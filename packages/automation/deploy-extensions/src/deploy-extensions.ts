import type { Secret } from "@org/env";
import { advisoryLockKey, toPostgresError, withAdvisoryLock, withClient, type PostgresClient } from "@org/postgres";
import { runChecks, type Check, type CheckResult, type Result, type RunContext } from "@org/script";
import { applyPlan, type Applied } from "./apply-plan.ts";
import { deploymentChecks } from "./deployment-checks.ts";
import { toDeployment, type Deployment } from "./deployment.ts";
import { readExtensionState, type ExtensionState } from "./extension-state.ts";
import { readManifest, type WantedExtension } from "./manifest.ts";
import { planExtensions, type ExtensionPlan } from "./plan.ts";
import { readSqlFiles, type SqlFile } from "./read-sql-files.ts";

export interface DeploySettings {
  readonly databaseUrl: Secret;
  /** Milliseconds. */
  readonly lockTimeout: number;
}

type Context = RunContext<DeploySettings>;

/** What a run wanted, saw, did and saw then. */
export interface DeployRun {
  readonly manifest: readonly WantedExtension[];
  readonly files: readonly SqlFile[];
  readonly before: ExtensionState;
  readonly plan: ExtensionPlan;
  /** Undefined in a dry run, and when a required extension is blocked. */
  readonly applied: Applied | undefined;
  readonly after: ExtensionState;
}

/**
 * Brings about the extensions of the config's manifest, then runs its SQL files; in a dry run it only plans. Throws a ScriptError when the
 * manifest or the files cannot be used or the server cannot be reached; what the server refuses or lacks is a failed check.
 */
export async function deploy(context: Context): Promise<Result<Deployment>> {
  const manifest = readManifest(context.config.extensions);
  const files = await readSqlFiles(context.config.extensionFiles ?? [], context.root);
  const seen = await (context.dryRun ? look(context, manifest) : change(context, manifest, files));
  const run: DeployRun = { manifest, files, ...seen };
  return { data: toDeployment(run, context), checks: [...deploymentChecks(run, context), ...(await customChecks(context))] };
}

type Seen = Omit<DeployRun, "manifest" | "files">;

async function look(context: Context, manifest: readonly WantedExtension[]): Promise<Seen> {
  const before = await session(context, true, readExtensionState);
  return { before, plan: planExtensions(manifest, before), applied: undefined, after: before };
}

async function change(context: Context, manifest: readonly WantedExtension[], files: readonly SqlFile[]): Promise<Seen> {
  const { settings, signal } = context;
  const lock = { key: advisoryLockKey("platform-scripts:extensions"), waitMs: settings.lockTimeout, signal };
  return session(context, false, (client) =>
    withAdvisoryLock(client, lock, async () => {
      const before = await readExtensionState(client);
      const plan = planExtensions(manifest, before);
      if (plan.blocked.some(({ required }) => required)) return { before, plan, applied: undefined, after: before };
      const { logger } = context;
      const applied = await applyPlan({ client, url: settings.databaseUrl.reveal(), logger, steps: plan.steps, files });
      if (applied.error !== undefined) logger.error(applied.error.message);
      return { before, plan, applied, after: await readExtensionState(client) };
    }),
  );
}

async function session<T>({ settings, signal, logger }: Context, readOnly: boolean, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const url = settings.databaseUrl.reveal();
  const bounds = readOnly ? { readOnly } : { lockTimeoutMs: settings.lockTimeout };
  const onNotice = ({ severity, message }: { readonly severity: string; readonly message: string }): void => logger.debug(`${severity}: ${message}`);
  return withClient({ url, applicationName: "deploy-extensions", ...bounds, signal, onNotice }, work).catch((error: unknown) => {
    throw toPostgresError(error, { url, doing: "deploy the extensions" });
  });
}

async function customChecks(context: Context): Promise<CheckResult[]> {
  const checks = context.checks as readonly Check<{ readonly client: PostgresClient }>[];
  if (checks.length === 0) return [];
  return runChecks({ checks, open: (use) => session(context, true, (client) => use({ client })), context });
}
