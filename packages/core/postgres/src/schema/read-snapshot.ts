import { withTransaction, type PostgresClient } from "../index.ts";
import { hiddenKinds, readAccess, type Access } from "./catalog/access.ts";
import { families } from "./catalog/families.ts";
import type { Family } from "./catalog/family.ts";
import { readServerSettings } from "./catalog/server-settings.ts";
import { queryValues, snapshotSql } from "./catalog/snapshot-query.ts";
import { isClusterWide, type Kind, type Snapshot, type Unread } from "./model.ts";
import { toFact, unreadProperties, type RoleName, type Row } from "./to-fact.ts";

export interface SnapshotScope {
  /** Where the state tables are; they are no part of the application. */
  readonly stateSchema: string;
  /** The schemas to look at; all but the server's and the platform's own when undefined. */
  readonly include?: readonly string[] | undefined;
  /** Also what the databases of a server share: roles, memberships, the server's settings, subscriptions. A replay of migrations makes none of it. */
  readonly clusterWide?: boolean | undefined;
}

interface KindRow {
  readonly kind: Kind;
  readonly row: Row;
}

/** What the catalogs said, before roles are told by other names. */
export interface Reading {
  readonly serverVersion: number;
  readonly clusterWide: boolean;
  readonly rows: readonly KindRow[];
  /** Kinds that could not be read as a whole. */
  readonly unread: readonly Unread[];
}

/** Reads everything in one pass and one read-only transaction, so that what changes meanwhile is told as it was at one moment. */
export async function readCatalogs(client: PostgresClient, scope: SnapshotScope): Promise<Reading> {
  return withTransaction(client, async () => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return readInTransaction(client, scope);
  });
}

/** The same within a transaction that is open already; its settings are changed until it ends. */
export async function readInTransaction(client: PostgresClient, scope: SnapshotScope): Promise<Reading> {
  const { clusterWide = false } = scope;
  const access = await readAccess(client);
  // Before this session's own settings hide the server's.
  const server = clusterWide ? await readServerSettings(client) : [];
  await client.query(`${settings}; SAVEPOINT reading`);
  const wanted = families.filter(({ kind }) => clusterWide || !isClusterWide(kind));
  const { rows, unread } = await readFamilies(wanted, { client, access, scope });
  await client.query("RELEASE SAVEPOINT reading");
  return { serverVersion: access.version, clusterWide, rows: [...server, ...rows], unread: [...hiddenKinds(access), ...unread] };
}

// Everything that changes how the server prints an expression is set, so that both sides print alike; compiling the query would cost more than running it.
const settings = `
  SET LOCAL search_path = pg_catalog; SET LOCAL jit = off;
  SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL extra_float_digits = 1;
  SET LOCAL bytea_output = 'hex'; SET LOCAL quote_all_identifiers = off; SET LOCAL standard_conforming_strings = on; SET LOCAL xmlbinary = base64`;

interface Reader {
  readonly client: PostgresClient;
  readonly access: Access;
  readonly scope: SnapshotScope;
}

type Read = Pick<Reading, "rows" | "unread">;

/** All in one statement; where a right is missing, each by itself, so that one catalog that is closed does not hide the others. */
async function readFamilies(wanted: readonly Family[], reader: Reader): Promise<Read> {
  try {
    return { rows: await runQuery(wanted, reader), unread: [] };
  } catch (error) {
    const reason = missingRight(error);
    if (reason === undefined) throw error;
    await reader.client.query("ROLLBACK TO SAVEPOINT reading");
    const [only, ...others] = wanted;
    if (only !== undefined && others.length === 0) return { rows: [], unread: [{ kind: only.kind, object: null, property: null, reason }] };
    return readOneByOne(wanted, reader);
  }
}

async function readOneByOne(wanted: readonly Family[], reader: Reader): Promise<Read> {
  const parts: Read[] = [];
  for (const family of wanted) parts.push(await readFamilies([family], reader));
  return { rows: parts.flatMap(({ rows }) => rows), unread: parts.flatMap(({ unread }) => unread) };
}

async function runQuery(wanted: readonly Family[], { client, access, scope }: Reader): Promise<readonly KindRow[]> {
  const { rows } = await client.query<{ kind: Kind; facts: readonly Row[] }>(snapshotSql(wanted, access), queryValues(scope));
  return rows.flatMap(({ kind, facts }) => facts.map((row) => ({ kind, row })));
}

/** What the server said when it refused to show a catalog; undefined for any other error. */
function missingRight(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && error.code === "42501" ? error.message : undefined;
}

/** Turns a reading into facts, each role under the name that `roleName` gives it. */
export function toSnapshot({ serverVersion, clusterWide, rows, unread }: Reading, roleName: RoleName = (role) => role): Snapshot {
  const facts = rows.map(({ kind, row }) => toFact(kind, row, roleName));
  return { serverVersion, clusterWide, facts, unread: [...unread, ...rows.flatMap(({ row }, at) => unreadProperties(facts[at]!, row))] };
}
