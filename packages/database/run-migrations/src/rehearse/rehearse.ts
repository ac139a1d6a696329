import type { Logger } from "@org/logging";
import { locate, withClient, type PostgresClient } from "@org/postgres";
import { applyMigrations } from "../apply-migrations.ts";
import { shorten } from "../lint/shorten.ts";
import type { LockPolicy } from "../lock-retries.ts";
import { MigrationError } from "../migration-error.ts";
import type { Migration, MigrationCollection } from "../read-migrations.ts";
import { withReplay, type ReplayGround } from "../replay/index.ts";
import { measuringClient, type Measured } from "./measuring-client.ts";
import { readSizes } from "./observe.ts";
import { blockedBy, type Rehearsal, type RehearsedFile, type RehearsedLock, type RehearsedStatement, type RelationSize } from "./rehearsal.ts";

export interface RehearsalOptions {
  /** A session of the live database, which is only looked at. */
  readonly live: PostgresClient;
  readonly url: string;
  /** What is applied to the live database. */
  readonly applied: MigrationCollection;
  /** What is pending, in its order. */
  readonly pending: readonly Migration[];
  readonly ground: ReplayGround;
  /** As the run itself applies them. */
  readonly singleTransaction: boolean;
  readonly locks: Pick<LockPolicy, "lockTimeoutMs">;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * Applies the pending files in a scratch database that has the live one's schema, and measures the locks, rewrites and scans of every statement. A file
 * that fails there is told in the result. Throws a ScriptError when there can be no scratch copy: (permission) no right to create databases,
 * (checkFailed) the applied files do not run from an empty database.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const { live, url, applied, ground, signal, logger } = options;
  const sizes = await readSizes(live);
  return withReplay({ url, collection: applied, ground, applicationName: "run-migrations rehearsal", signal, logger }, (replay) =>
    withClient({ url: replay.url, applicationName: "run-migrations monitor", signal }, (monitor) =>
      withClient({ url: replay.url, applicationName: "run-migrations gate", signal }, async (gate) => {
        const { rows } = await replay.client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
        return applyMeasured(options, { client: replay.client, pid: rows[0]!.pid, monitor, gate }, sizes);
      }),
    ),
  );
}

type Scratch = Parameters<typeof measuringClient>[0];

async function applyMeasured(options: RehearsalOptions, scratch: Scratch, sizes: ReadonlyMap<string, RelationSize>): Promise<Rehearsal> {
  const { applied, pending, singleTransaction, locks, signal, logger } = options;
  const measured: Measured[] = [];
  const durations = new Map<string, number>();
  const client = measuringClient(scratch, pending, (one) => void measured.push(one));
  const files = (): readonly RehearsedFile[] =>
    pending.filter(({ version }) => measured.some((one) => one.version === version)).map((migration) => ({
      version: migration.version,
      file: migration.file,
      durationMs: durations.get(migration.version) ?? 0,
      statements: measured.filter(({ version }) => version === migration.version).map((one) => toStatement(migration, one, sizes)),
    }));
  try {
    await applyMigrations({
      client,
      collection: { ...applied, migrations: pending, repeatables: [] },
      history: null,
      // Statement by statement: nobody else has a lock there.
      locks: { ...locks, retries: 0 },
      singleTransaction,
      signal,
      logger,
      onApplied: ({ version, durationMs }) => void durations.set(version, durationMs),
    });
    return { files: files(), failure: null };
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "connection") throw error;
    return { files: files(), failure: error.failure };
  }
}

function toStatement({ sql }: Migration, { statement, durationMs, isLeftOut, locks, rewrites, scans }: Measured, sizes: ReadonlyMap<string, RelationSize>): RehearsedStatement {
  const isLive = (relation: string): boolean => sizes.has(relation);
  const toLock = ([relation, mode]: readonly [string, RehearsedLock["mode"]]): RehearsedLock => ({ relation, mode, blocks: blockedBy(mode), ...sizes.get(relation)! });
  return {
    line: locate(sql, statement.start).line,
    text: shorten(statement.text),
    durationMs,
    isLeftOut,
    locks: [...locks].filter(([relation]) => isLive(relation)).map(toLock).toSorted((a, b) => (a.relation < b.relation ? -1 : 1)),
    rewrites: rewrites.filter(isLive),
    scans: scans.filter(isLive),
  };
}
