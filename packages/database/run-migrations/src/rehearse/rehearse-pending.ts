import type { PostgresClient } from "@org/postgres";
import type { RunContext } from "@org/script";
import type { MigrateSettings } from "../migrate.ts";
import type { MigrationState } from "../migration-state.ts";
import type { Migration, MigrationCollection } from "../read-migrations.ts";
import type { RepeatableState } from "../repeatables.ts";
import { dueFiles } from "../select-pending.ts";
import type { RehearsalOutcome } from "./rehearsal-check.ts";

export interface PendingRehearsal {
  readonly context: RunContext<MigrateSettings>;
  readonly collection: MigrationCollection;
  readonly seeds: readonly Migration[];
  readonly states: readonly MigrationState[];
  readonly repeatables: readonly RepeatableState[];
  /** A session of the live database. */
  readonly live: PostgresClient;
}

/** Rehearses what the run would apply; null when nobody asked for it or nothing is pending. Why there could be no rehearsal is in the outcome. */
export async function rehearsePending(pending: PendingRehearsal): Promise<RehearsalOutcome | null> {
  const { settings, signal } = pending.context;
  const wanted = settings.rehearse ? new Set(dueFiles(pending, settings)) : new Set<string>();
  if (wanted.size === 0) return null;
  try {
    return await rehearseFiles(pending, wanted);
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

async function rehearseFiles({ context, collection, seeds, states, repeatables, live }: PendingRehearsal, wanted: ReadonlySet<string>): Promise<RehearsalOutcome> {
  const { rehearse } = await import("./rehearse.ts");
  const { readReplayGround } = await import("../replay/index.ts");
  const { config, root, settings, signal, logger } = context;
  const done = new Set([...states, ...repeatables].flatMap(({ state, version }) => (state === "applied" ? [version] : [])));
  const isApplied = ({ version }: Migration): boolean => done.has(version);
  return rehearse({
    live,
    url: settings.databaseUrl.reveal(),
    applied: { ...collection, migrations: collection.migrations.filter(isApplied), repeatables: collection.repeatables.filter(isApplied) },
    pending: [...collection.migrations, ...collection.repeatables, ...seeds].filter(({ version }) => wanted.has(version)),
    ground: await readReplayGround(live, { config, root, stateSchema: settings.stateSchema }),
    singleTransaction: settings.singleTransaction,
    locks: { lockTimeoutMs: settings.lockTimeout },
    signal,
    logger,
  });
}
