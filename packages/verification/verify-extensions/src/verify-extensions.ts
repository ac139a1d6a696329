import type { Secret } from "@org/env";
import { extensionCheck, extensionFinding, manifestFinding, readExtensionState, readManifest, type ExtensionState, type WantedExtension } from "@org/deploy-extensions";
import { toPostgresError, withClient, type PostgresClient } from "@org/postgres";
import { runChecks, type Check, type Finding, type Result, type RunContext } from "@org/script";
import { cronFinding } from "./cron-jobs.ts";
import { unlistedFinding } from "./unlisted.ts";
import { usableFinding } from "./usable.ts";

export interface VerifySettings {
  readonly databaseUrl: Secret;
}

/** What verify-extensions reports. */
export interface ExtensionsSeen {
  readonly database: string | null;
  /** Everything that is installed. */
  readonly installed: readonly SeenExtension[];
  /** Null when the role may not read the setting. */
  readonly preloadLibraries: readonly string[] | null;
}

export interface SeenExtension {
  readonly name: string;
  readonly version: string;
  /** What the server would install now; null when its files are gone. */
  readonly available: string | null;
  readonly schema: string;
  readonly listed: boolean;
}

interface CheckContext {
  readonly client: PostgresClient;
  readonly state: ExtensionState;
}

type Context = RunContext<VerifySettings>;

/** Holds the extensions of the database against the config's manifest, in a read-only session. Throws a ScriptError when the manifest cannot be used. */
export async function verify(context: Context): Promise<Result<ExtensionsSeen>> {
  const manifest = readManifest(context.config.extensions);
  let seen: ExtensionState | undefined;
  const open = (use: (opened: CheckContext) => Promise<void>): Promise<void> =>
    session(context, async (client) => {
      seen = await readExtensionState(client);
      await use({ client, state: seen });
    });
  const custom = context.checks as readonly Check<CheckContext>[];
  const checks = await runChecks({ checks: [...builtIn(manifest), ...custom], open, context });
  return { checks, data: toSeen(seen, manifest) };
}

function builtIn(manifest: readonly WantedExtension[]): Check<CheckContext>[] {
  const question = (id: string, title: string, run: (opened: CheckContext) => Finding | Promise<Finding>): Check<CheckContext> => ({ id, title, run });
  return [
    question("extensions.manifest", "The manifest names extensions", ({ state }) => manifestFinding(manifest, state)),
    ...manifest.map((wanted): Check<CheckContext> => ({ ...extensionCheck(wanted), run: ({ state }) => extensionFinding(wanted, state) })),
    question("extensions.usable", "The role can use what the extensions provide", ({ state }) => usableFinding(manifest, state)),
    question("extensions.unlisted", "Every installed extension is in the manifest", ({ state }) => unlistedFinding(manifest, state)),
    question("extensions.cron-jobs", "The jobs of pg_cron run", ({ client, state }) => cronFinding(client, state)),
  ];
}

async function session<T>({ settings, signal }: Context, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const url = settings.databaseUrl.reveal();
  return withClient({ url, applicationName: "verify-extensions", readOnly: true, signal }, work).catch((error: unknown) => {
    throw toPostgresError(error, { url, doing: "read the extensions" });
  });
}

function toSeen(state: ExtensionState | undefined, manifest: readonly WantedExtension[]): ExtensionsSeen {
  const installed = [...(state?.extensions.values() ?? [])].flatMap(({ name, defaultVersion, installed: found }): SeenExtension[] =>
    found === null ? [] : [{ name, version: found.version, available: defaultVersion, schema: found.schema, listed: manifest.some((wanted) => wanted.name === name) }],
  );
  return { database: state?.database ?? null, installed, preloadLibraries: state?.preloadLibraries ?? null };
}
