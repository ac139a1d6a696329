import { printable, type Logger } from "@org/logging";
import type { PostgresClient } from "@org/postgres";
import { compareSnapshots, readCatalogs, toSnapshot, type Snapshot, type SnapshotScope } from "@org/postgres/schema";
import {
  applyFile,
  applyMigrations,
  defaultLockPolicy,
  MigrationError,
  refuseUnrunnable,
  wayBack,
  type FileToRun,
  type Migration,
  type MigrationCollection,
} from "@org/run-migrations";
import { withReplay, type ReplayGround } from "@org/run-migrations/replay";
import type { RoundTrip } from "./rollback-status.ts";

export interface VerifyOptions {
  /** The server for the scratch copy: a database of it, in which nothing is touched. */
  readonly url: string;
  readonly collection: MigrationCollection;
  /** The versions to prove; those before them are applied only. */
  readonly versions: ReadonlySet<string>;
  readonly ground: ReplayGround;
  readonly scope: SnapshotScope;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * Proves on scratch copies what the ways back are worth. Throws a ScriptError: (configuration) for a way back that cannot run, (permission)
 * without the right to create databases, (checkFailed) where the migrations do not run from an empty database.
 */
export async function verifyRoundTrips(options: VerifyOptions): Promise<readonly RoundTrip[]> {
  const wanted = options.collection.migrations.findLastIndex(({ version }) => options.versions.has(version));
  const migrations = options.collection.migrations.slice(0, wanted + 1);
  for (const migration of migrations) refuseUnrunnableDown(options, migration);
  const trips: RoundTrip[] = [];
  for (let from = 0; from < migrations.length; ) {
    const walk = await walkOnCopy({ ...options, migrations }, from);
    trips.push(...walk.trips);
    from = walk.next;
  }
  return trips;
}

function refuseUnrunnableDown({ versions }: VerifyOptions, migration: Migration): void {
  const down = versions.has(migration.version) ? wayBack(migration, []) : undefined;
  if (down !== undefined) refuseUnrunnable(down);
}

interface Route extends VerifyOptions {
  /** Up to the last one that is to be proved. */
  readonly migrations: readonly Migration[];
}

interface Walk {
  readonly trips: RoundTrip[];
  /** Where another copy must go on, because this one is spoiled; the number of migrations when all is done. */
  next: number;
}

async function walkOnCopy(route: Route, from: number): Promise<Walk> {
  const { url, collection, ground, signal, logger, migrations } = route;
  let walk: Walk = { trips: [], next: 0 };
  // Extension files are deployed after the newest migration and may need what it makes.
  const replay = { url, collection, ground: { ...ground, extensionFiles: [] }, applicationName: "rollback-migrations", signal, logger };
  const apply = async (client: PostgresClient): Promise<void> => {
    walk = { trips: [], next: migrations.length };
    await walkFrom({ ...route, client, known: undefined }, from, walk);
  };
  await withReplay({ ...replay, apply }, async () => {});
  return walk;
}

interface Traveller extends Route {
  readonly client: PostgresClient;
  /** The schema as it is now, when it is known. */
  known: Snapshot | undefined;
}

async function walkFrom(traveller: Traveller, from: number, walk: Walk): Promise<void> {
  for (const [index, migration] of traveller.migrations.entries()) {
    traveller.signal.throwIfAborted();
    const down = index >= from && traveller.versions.has(migration.version) ? wayBack(migration, []) : undefined;
    if (down === undefined) {
      await goUp(traveller, migration);
      if (index >= from && traveller.versions.has(migration.version)) walk.trips.push(toTrip(migration, { outcome: "no-way-back" }));
      continue;
    }
    const { trip, spoiled } = await goThereAndBack(traveller, migration, down);
    walk.trips.push(trip);
    traveller.logger.debug(`${printable(migration.file)}, there and back: ${trip.outcome}.`);
    if (spoiled) return void (walk.next = index + 1);
  }
}

interface Journey {
  readonly trip: RoundTrip;
  /** Whether the copy is not what the migrations make any more. */
  readonly spoiled: boolean;
}

async function goThereAndBack(traveller: Traveller, migration: Migration, down: FileToRun): Promise<Journey> {
  const before = await snapshot(traveller);
  await goUp(traveller, migration);
  const above = await snapshot(traveller);
  const failure = await goDown(traveller, down);
  // What ran in a transaction is undone as a whole.
  if (failure !== undefined) return { trip: toTrip(migration, { outcome: "failed", failure: failure.failure }), spoiled: !failure.failure.rolledBack };
  const { differences } = compareSnapshots(before, await snapshot(traveller));
  if (differences.length > 0) return { trip: toTrip(migration, { outcome: "differs", differences }), spoiled: true };
  return goUpAgain(traveller, migration, above);
}

async function goUpAgain(traveller: Traveller, migration: Migration, above: Snapshot): Promise<Journey> {
  try {
    await goUp(traveller, migration);
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "connection") throw error;
    return { trip: toTrip(migration, { outcome: "not-again", failure: error.failure }), spoiled: true };
  }
  const { differences, unknown: unread } = compareSnapshots(above, await snapshot(traveller));
  if (differences.length > 0) return { trip: toTrip(migration, { outcome: "not-again", differences, unread }), spoiled: true };
  return { trip: toTrip(migration, { outcome: unread.length === 0 ? "same" : "unknown", unread }), spoiled: false };
}

function toTrip({ version, name, file, down }: Migration, found: Pick<RoundTrip, "outcome"> & Partial<RoundTrip>): RoundTrip {
  return { version, name, file, downFile: down?.file ?? null, differences: [], unread: [], failure: null, ...found };
}

async function snapshot(traveller: Traveller): Promise<Snapshot> {
  traveller.known ??= toSnapshot(await readCatalogs(traveller.client, traveller.scope));
  return traveller.known;
}

async function goUp(traveller: Traveller, migration: Migration): Promise<void> {
  const { client, collection, signal, logger } = traveller;
  traveller.known = undefined;
  await applyMigrations({ client, collection: { ...collection, migrations: [migration], repeatables: [] }, history: null, signal, logger });
}

/** What the server refused; undefined when it ran. */
async function goDown(traveller: Traveller, down: FileToRun): Promise<MigrationError | undefined> {
  const { client, signal, logger } = traveller;
  traveller.known = undefined;
  try {
    await applyFile({ client, history: null, locks: defaultLockPolicy, joined: false, logger, signal }, down);
    return undefined;
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "connection") throw error;
    return error;
  }
}
