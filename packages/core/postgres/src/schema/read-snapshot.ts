import { askInOrder } from "../ask-in-order.ts";
import { withTransaction, type PostgresClient } from "../index.ts";
import { hiddenKinds, readAccess, type Access } from "./catalog/access.ts";
import { families } from "./catalog/families.ts";
import type { Family } from "./catalog/family.ts";
import { readServerSettings } from "./catalog/server-settings.ts";
import { presentKindsSql, queryValues, snapshotSql, type Answer } from "./catalog/snapshot-query.ts";
import { readRecords } from "./catalog/records.ts";
import { isClusterWide, type Fact, type Kind, type Snapshot, type Unread } from "./model.ts";
import { executePresentKinds, executeSql, isPlannedFor, keepPlan, prepareReading, readPresentKinds, type PlannedReading } from "./planned-reading.ts";
import { toFact, unreadProperties, type RoleName, type Row } from "./to-fact.ts";

export interface SnapshotScope {
  /** Where the state tables are; they are no part of the application. */
  readonly stateSchema: string;
  /** The schemas to look at; all but the server's and the platform's own when undefined. */
  readonly include?: readonly string[] | undefined;
  /** Also what the databases of a server share: roles, memberships, the server's settings, subscriptions. A replay of migrations makes none of it. */
  readonly clusterWide?: boolean | undefined;
  /** Where two readings find what they have in common, so that it is kept, and told, only once; empty at first. */
  readonly inCommon?: Map<string, Part> | undefined;
}

/** Some objects of one kind. */
export interface Part {
  readonly kind: Kind;
  readonly rows: readonly Row[];
}

/** What the catalogs said, before roles are told by other names. */
export interface Reading {
  readonly serverVersion: number;
  readonly clusterWide: boolean;
  /** A part of two readings that is one and the same object tells the same of both. */
  readonly parts: readonly Part[];
  /** Kinds that could not be read as a whole. */
  readonly unread: readonly Unread[];
}

/** What the catalogs said in the words of the server: quick to keep, and taken apart only when somebody asks for it. */
export interface RawReading extends Omit<Reading, "parts"> {
  readonly parts: readonly RawPart[];
}

/** Objects of one kind, as readRecords reads them or as rows. */
export type RawPart = Part | { readonly kind: Kind; readonly columns: readonly string[]; readonly records: string };

/** Reads everything in one pass and one read-only transaction, so that what changes meanwhile is told as it was at one moment. */
export async function readCatalogs(client: PostgresClient, scope: SnapshotScope): Promise<Reading> {
  return toReading(await readRaw(client, scope), scope.inCommon);
}

/** The same within a transaction that is open already; its settings are changed until it ends. */
export async function readInTransaction(client: PostgresClient, scope: SnapshotScope): Promise<Reading> {
  return toReading(await readWithin(client, scope), scope.inCommon);
}

export interface ReadingOptions {
  /** Settings of the transaction, such as `SET LOCAL lock_timeout = 1000`. */
  readonly bounds?: string | undefined;
  /** Called when all is asked for: from then on the server works and this process waits. */
  readonly onAsked?: (() => void) | undefined;
  /** What planReading gave in the same session, for the same scope. */
  readonly planned?: PlannedReading | undefined;
}

/** As readCatalogs, without taking apart what the server says. */
export async function readRaw(client: PostgresClient, scope: SnapshotScope, options: ReadingOptions = {}): Promise<RawReading> {
  const { bounds = "", planned } = options;
  const begin = [atOneMoment, ...(planned === undefined ? [] : [keepPlan]), bounds].join("; ");
  return withTransaction(client, () => readWithin(client, scope, { ...options, bounds: begin }));
}

/**
 * Has the server plan what a later reading in the same session asks for: for what is in the database now, to learn the catalogs and to plan takes a new
 * session longer than to read. Throws the server's error.
 */
export async function planReading(client: PostgresClient, scope: SnapshotScope, { bounds = "" }: Pick<ReadingOptions, "bounds"> = {}): Promise<PlannedReading> {
  return withTransaction(client, async () => {
    const { access } = await beginReading(client, scope, `${atOneMoment}; ${keepPlan}; ${bounds}`);
    return prepareReading(client, { families: wantedFamilies(scope), access, scope });
  });
}

const atOneMoment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";

async function readWithin(client: PostgresClient, scope: SnapshotScope, { bounds, onAsked, planned }: ReadingOptions = {}): Promise<RawReading> {
  const { access, server } = await beginReading(client, scope, bounds);
  const reader = { client, access, scope, onAsked, planned: planned !== undefined && isPlannedFor(planned, access) ? planned : undefined };
  const { parts, unread } = await readFamilies(wantedFamilies(scope), reader);
  await client.query("RELEASE SAVEPOINT reading");
  return { serverVersion: access.version, clusterWide: scope.clusterWide ?? false, parts: [...server, ...parts], unread: [...hiddenKinds(access), ...unread] };
}

interface Begun {
  readonly access: Access;
  readonly server: readonly Part[];
}

async function beginReading(client: PostgresClient, { clusterWide }: SnapshotScope, bounds: string | undefined): Promise<Begun> {
  const [, access, server] = await askInOrder<[unknown, Access, readonly Part[], unknown]>(
    client,
    async () => bounds !== undefined && client.query(bounds),
    () => readAccess(client),
    // Before this session's own settings hide the server's.
    async () => (clusterWide === true ? [await readServerSettings(client)] : []),
    () => client.query(`${settings}; SAVEPOINT reading`),
  );
  return { access, server };
}

function wantedFamilies({ clusterWide }: SnapshotScope): readonly Family[] {
  return families.filter(({ kind }) => clusterWide === true || !isClusterWide(kind));
}

// Everything that changes how the server prints an expression is set, so that both sides print alike; compiling the query would cost more than running it, and
// so would the loops over catalogs that the planner chooses, because it takes the relations that are looked at for a few.
const settings = `
  SET LOCAL search_path = pg_catalog; SET LOCAL jit = off; SET LOCAL enable_nestloop = off;
  SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL extra_float_digits = 1;
  SET LOCAL bytea_output = 'hex'; SET LOCAL quote_all_identifiers = off; SET LOCAL standard_conforming_strings = on; SET LOCAL xmlbinary = base64`;

interface Reader {
  readonly client: PostgresClient;
  readonly access: Access;
  readonly scope: SnapshotScope;
  readonly onAsked?: (() => void) | undefined;
  readonly planned?: PlannedReading | undefined;
}

type Read = Pick<RawReading, "parts" | "unread">;

/** All at once; where a right is missing, each by itself, so that one catalog that is closed does not hide the others. */
async function readFamilies(wanted: readonly Family[], reader: Reader): Promise<Read> {
  const { client, planned } = reader;
  try {
    return { parts: await (planned === undefined ? readPresent(wanted, reader) : readPlanned(wanted, reader, planned)), unread: [] };
  } catch (error) {
    const reason = missingRight(error);
    if (reason === undefined) throw error;
    await client.query("ROLLBACK TO SAVEPOINT reading");
    const [only, ...others] = wanted;
    if (only !== undefined && others.length === 0) return { parts: [], unread: [{ kind: only.kind, object: null, property: null, reason }] };
    return readOneByOne(wanted, { ...reader, planned: undefined });
  }
}

async function readOneByOne(wanted: readonly Family[], reader: Reader): Promise<Read> {
  const reads: Read[] = [];
  for (const family of wanted) reads.push(await readFamilies([family], reader));
  return { parts: reads.flatMap(({ parts }) => parts), unread: reads.flatMap(({ unread }) => unread) };
}

async function readPresent(wanted: readonly Family[], reader: Reader): Promise<readonly RawPart[]> {
  return readKinds(wanted, await readPresentKinds(reader.client, presentKindsSql(wanted)), reader);
}

/** What was planned, and the kinds that came into the database since then. */
async function readPlanned(wanted: readonly Family[], reader: Reader, planned: PlannedReading): Promise<readonly RawPart[]> {
  const { client, scope, onAsked } = reader;
  const [{ rows }, present] = await askInOrder<[{ readonly rows: readonly Answer[] }, ReadonlySet<Kind>]>(
    client,
    () => {
      const answering = client.query<Answer>(executeSql(scope));
      onAsked?.();
      return answering;
    },
    () => readPresentKinds(client, executePresentKinds),
  );
  const unplanned = new Set([...present].filter((kind) => !planned.kinds.has(kind)));
  return [...toParts(rows), ...(await readKinds(wanted, unplanned, reader))];
}

async function readKinds(wanted: readonly Family[], kinds: ReadonlySet<Kind>, { client, access, scope, onAsked }: Reader): Promise<readonly RawPart[]> {
  const found = wanted.filter(({ kind }) => kinds.has(kind));
  if (found.length === 0) return [];
  const answering = client.query<Answer>(snapshotSql(found, access), queryValues(scope));
  onAsked?.();
  return toParts((await answering).rows);
}

function toParts(rows: readonly Answer[]): readonly RawPart[] {
  const columns = new Map(rows.flatMap(({ kind, columns }) => (columns === null ? [] : [[kind, JSON.parse(columns) as string[]] as const])));
  return rows.map(({ kind, records }) => ({ kind, columns: columns.get(kind)!, records }));
}

/** Takes a reading apart; `inCommon` is where two of them find what they have in common. */
export function toReading({ parts, ...rest }: RawReading, inCommon: Map<string, Part> = new Map()): Reading {
  return { ...rest, parts: parts.map((part) => ("rows" in part ? part : readPart(part, inCommon))) };
}

function readPart({ kind, columns, records }: Exclude<RawPart, Part>, inCommon: Map<string, Part>): Part {
  const told = `${kind} ${columns.join()}\n${records}`;
  const part = inCommon.get(told) ?? { kind, rows: readRecords(records, columns) };
  inCommon.set(told, part);
  return part;
}

/** What the server said when it refused to show a catalog; undefined for any other error. */
function missingRight(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && error.code === "42501" ? error.message : undefined;
}

/** Turns a reading into facts, each role under the name that `roleName` gives it. Without it, a part of two readings gives the same facts to both. */
export function toSnapshot({ serverVersion, clusterWide, parts, unread }: Reading, roleName?: RoleName): Snapshot {
  const told = parts.map((part) => (roleName === undefined ? factsInCommon(part) : toFacts(part, roleName)));
  return { serverVersion, clusterWide, facts: told.flatMap(({ facts }) => facts), unread: [...unread, ...told.flatMap((part) => part.unread)] };
}

interface Facts {
  readonly facts: readonly Fact[];
  readonly unread: readonly Unread[];
}

const known = new WeakMap<Part, Facts>();

function factsInCommon(part: Part): Facts {
  const facts = known.get(part) ?? toFacts(part, (role) => role);
  known.set(part, facts);
  return facts;
}

function toFacts({ kind, rows }: Part, roleName: RoleName): Facts {
  const facts = rows.map((row) => toFact(kind, row, roleName));
  return { facts, unread: rows.flatMap((row, at) => (row["unread"] === undefined ? [] : unreadProperties(facts[at]!, row))) };
}
