import type { PostgresClient } from "@org/postgres";
import { settingPrefix } from "./known-extensions.ts";

/** What the server says of its extensions and of the role that asks. */
export interface ExtensionState {
  /** Such as 15. */
  readonly serverMajor: number;
  readonly database: string;
  readonly role: string;
  readonly isSuperuser: boolean;
  /** Whether the role may create schemas and trusted extensions. */
  readonly mayCreate: boolean;
  /** The server's `shared_preload_libraries`; null when the role may not read the setting. */
  readonly preloadLibraries: readonly string[] | null;
  /** The first parts of the names of loaded libraries' settings, which every role sees. */
  readonly settingPrefixes: ReadonlySet<string>;
  readonly schemas: ReadonlySet<string>;
  /** Everything that is available or installed. */
  readonly extensions: ReadonlyMap<string, ExtensionFacts>;
}

export interface ExtensionFacts {
  readonly name: string;
  /** What CREATE EXTENSION installs; null when the server's files are gone. */
  readonly defaultVersion: string | null;
  readonly versions: readonly AvailableVersion[];
  readonly installed: InstalledExtension | null;
}

export interface AvailableVersion {
  readonly version: string;
  /** Whether only a superuser may install it, unless it is trusted. */
  readonly superuser: boolean;
  /** Whether a role that may create in the database may install it all the same. */
  readonly trusted: boolean;
  /** The only schema that it can be in. */
  readonly schema: string | null;
  /** The extensions that must be there first. */
  readonly requires: readonly string[];
}

export interface InstalledExtension {
  readonly version: string;
  readonly schema: string;
  /** Whether ALTER EXTENSION ... SET SCHEMA can move it. */
  readonly relocatable: boolean;
  readonly owner: string;
  /** Whether the role that asks may update and move it. */
  readonly owned: boolean;
  /** Whether the role that asks may use what is in the schema. */
  readonly usable: boolean;
  /** The versions that ALTER EXTENSION ... UPDATE can reach. */
  readonly updates: readonly string[];
}

/** Reads the state of all extensions. Needs no right; works in read-only sessions. */
export async function readExtensionState(client: PostgresClient): Promise<ExtensionState> {
  const { rows: servers } = await client.query<ServerRow>(serverQuery);
  const { rows } = await client.query<ExtensionFacts>(extensionsQuery);
  const { libraries, schemas, prefixes, ...server } = servers[0]!;
  return {
    ...server,
    preloadLibraries: libraries === null ? null : splitLibraries(libraries),
    settingPrefixes: new Set(prefixes),
    schemas: new Set(schemas),
    extensions: new Map(rows.map((row) => [row.name, row])),
  };
}

interface ServerRow extends Pick<ExtensionState, "serverMajor" | "database" | "role" | "isSuperuser" | "mayCreate"> {
  readonly libraries: string | null;
  readonly prefixes: readonly string[];
  readonly schemas: readonly string[];
}

// pg_settings shows a setting of superusers to nobody else, where SHOW would fail.
const serverQuery = `
  SELECT current_setting('server_version_num')::int / 10000 AS "serverMajor",
    current_database()::text AS database, current_user::text AS role,
    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS "isSuperuser",
    has_database_privilege(current_database(), 'CREATE') AS "mayCreate",
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'shared_preload_libraries') AS libraries,
    ARRAY(SELECT DISTINCT split_part(name, '.', 1) FROM pg_catalog.pg_settings WHERE name LIKE '%.%') AS prefixes,
    ARRAY(SELECT nspname::text FROM pg_catalog.pg_namespace) AS schemas`;

const extensionsQuery = `
  WITH available AS (
    SELECT name::text, jsonb_agg(jsonb_build_object('version', version, 'superuser', superuser, 'trusted', trusted,
      'schema', schema, 'requires', coalesce(to_jsonb(requires), '[]'))) AS versions
    FROM pg_catalog.pg_available_extension_versions GROUP BY name
  ), installed AS (
    SELECT e.extname::text AS name, jsonb_build_object('version', e.extversion, 'schema', n.nspname, 'relocatable', e.extrelocatable,
      'owner', pg_get_userbyid(e.extowner), 'owned', pg_has_role(e.extowner, 'USAGE'), 'usable', has_schema_privilege(n.oid, 'USAGE'),
      'updates', CASE WHEN a.name IS NULL THEN '[]' ELSE (
        SELECT coalesce(jsonb_agg(target), '[]') FROM pg_extension_update_paths(e.extname)
        WHERE source = e.extversion AND path IS NOT NULL) END) AS installed
    FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
  )
  SELECT coalesce(v.name, i.name) AS name, a.default_version AS "defaultVersion", coalesce(v.versions, '[]') AS versions, i.installed
  FROM available v
  FULL JOIN installed i ON i.name = v.name
  LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = coalesce(v.name, i.name)
  ORDER BY 1`;

function splitLibraries(setting: string): string[] {
  return setting.split(",").map((library) => library.trim().replace(/^"(.*)"$/u, "$1")).filter((library) => library !== "");
}

/** Whether the library of the extension is loaded; undefined when the role may not know. */
export function isPreloaded(name: string, { preloadLibraries, settingPrefixes }: ExtensionState): boolean | undefined {
  if (preloadLibraries !== null) return preloadLibraries.some((library) => library === name || library.endsWith(`/${name}`));
  return settingPrefixes.has(settingPrefix(name)) ? true : undefined;
}
