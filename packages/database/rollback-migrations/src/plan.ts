import { printable } from "@org/logging";
import { planExecution, type PostgresClient } from "@org/postgres";
import { isPending, type HistoryEntry, type Migration, type MigrationCollection, type MigrationState } from "@org/run-migrations";
import { findLosses } from "./losses/losses.ts";
import { foreseeLost } from "./repeatables/foresee-lost.ts";
import type { MadeByFile } from "./repeatables/made-objects.ts";
import { selectApplied, type Selection } from "./selection.ts";
import type { PlannedRollback } from "./rollback-status.ts";

export interface PlanSource {
  readonly collection: MigrationCollection;
  readonly states: readonly MigrationState[];
  readonly history: readonly HistoryEntry[];
  readonly selection: Selection;
  readonly forceRecord: boolean;
  /** What repeatable files may have made. */
  readonly made: readonly MadeByFile[];
}

/**
 * What would be rolled back, the newest first, with what would be lost. The client is in a read-only session. Throws a ScriptError
 * (configuration) for a selection that cannot be.
 */
export async function planRollback(client: PostgresClient, source: PlanSource): Promise<readonly PlannedRollback[]> {
  const files = new Map(source.collection.migrations.map((migration) => [migration.version, migration]));
  const planned = selectApplied(source, source.selection).map((state) => planOne(state, files.get(state.version), source.forceRecord));
  const texts = planned.map(({ version, way }) => (way === "execute" ? files.get(version)!.down!.sql : ""));
  const losses = await findLosses(client, texts);
  const takesAlong = await foreseeLost(client, source.made, texts);
  return planned.map((one, index) => ({ ...one, losses: losses[index]!, takesAlong: takesAlong[index]! }));
}

function planOne({ version, name, state, file }: MigrationState, migration: Migration | undefined, forceRecord: boolean): PlannedRollback {
  const down = migration?.down;
  const one = { version, name, file: down?.file ?? null, inTransaction: true, losses: [], takesAlong: [] };
  // The way back belongs to the text that was applied, which nobody has any more.
  if (state === "changed") return { ...one, way: "refuse", reason: `${printable(file ?? name)} was changed after it was applied` };
  if (down !== undefined) return { ...one, way: "execute", reason: null, inTransaction: planExecution(down.sql).inTransaction };
  const reason = state === "missing" ? "its file is missing" : "it has no way back";
  return { ...one, way: forceRecord ? "record" : "refuse", reason };
}

/** Newer ones that are done in part: what they did outside a transaction is in the schema, and the history does not count them as applied. */
export function unfinished(states: readonly MigrationState[], planned: readonly PlannedRollback[]): readonly MigrationState[] {
  const oldest = planned.at(-1)?.version;
  const from = states.findIndex(({ version }) => version === oldest);
  return from === -1 ? [] : states.slice(from).filter((one) => isPending(one) && one.resumesAt !== null);
}
