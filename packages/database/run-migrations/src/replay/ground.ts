import type { PostgresClient } from "@org/postgres";
import type { ExtensionRequirement, PlatformConfig } from "@org/script";
import { readBaseline, type Baseline, type BaselineScope } from "./baseline.ts";
import { readExtensionFiles, type ExtensionFile } from "./extension-files.ts";

/** What a replay stands on: all that the live database has beside its migrations. */
export interface ReplayGround {
  readonly baseline: Baseline;
  readonly scope: BaselineScope;
  readonly extensions: readonly ExtensionRequirement[];
  /** SQL that is deployed after the extensions, in order. */
  readonly extensionFiles: readonly ExtensionFile[];
}

export interface GroundSource {
  readonly config: PlatformConfig;
  /** The folder that the config's paths start from. */
  readonly root: string;
  readonly stateSchema: string;
}

/** Reads from the live database and the config what a replay stands on. Throws a ScriptError (configuration) for an extension file that cannot be read. */
export async function readReplayGround(client: PostgresClient, { config, root, stateSchema }: GroundSource): Promise<ReplayGround> {
  const scope = { schemas: config.database?.schemas ?? ["public"], grantees: [...(await stateRoles(client, stateSchema)), "anon", "authenticated", "service_role"] };
  const extensionFiles = await readExtensionFiles(config.extensionFiles ?? [], root);
  return { baseline: await readBaseline(client, scope), scope, extensions: config.extensions ?? [], extensionFiles };
}

/** init-database gives rights to the roles that it lets into the state schema, and to Supabase's. */
async function stateRoles(client: PostgresClient, stateSchema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT pg_get_userbyid(role)::text AS name
     FROM pg_namespace n, LATERAL (SELECT n.nspowner AS role UNION SELECT grantee FROM aclexplode(n.nspacl)) AS held
     WHERE n.nspname = $1 AND role <> 0`,
    [stateSchema],
  );
  return rows.map(({ name }) => name);
}
