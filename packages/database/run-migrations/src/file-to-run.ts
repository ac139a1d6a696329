import { planExecution, type ExecutionPlan } from "@org/postgres";
import type { HistoryEntry, StatementProgress } from "./history.ts";
import { normaliseVersion } from "./layouts.ts";
import type { Migration, MigrationFile } from "./read-migrations.ts";

/** One file to run: the way there or the way back of a migration. */
export interface FileToRun extends MigrationFile {
  readonly migration: Pick<Migration, "version" | "name" | "checksum">;
  readonly direction: "up" | "down";
  /** How far an earlier attempt came. */
  readonly progress: StatementProgress | null;
  readonly plan: ExecutionPlan;
}

/** The file that applies a migration; it goes on where the last attempt of the history stopped. */
export function wayThere(migration: Migration, history: readonly HistoryEntry[]): FileToRun {
  return { ...migration, migration, direction: "up", progress: progressOf(migration, history, "up"), plan: planExecution(migration.sql) };
}

/** The file that undoes it; undefined where there is none. */
export function wayBack(migration: Migration, history: readonly HistoryEntry[]): FileToRun | undefined {
  if (migration.down === undefined) return undefined;
  return { ...migration.down, migration, direction: "down", progress: progressOf(migration, history, "down"), plan: planExecution(migration.down.sql) };
}

function progressOf(migration: Migration, history: readonly HistoryEntry[], direction: "up" | "down"): StatementProgress | null {
  const last = history.findLast(({ version }) => normaliseVersion(version) === migration.version);
  const isUnended = last?.direction === direction && (last.status === "running" || last.status === "failed");
  return isUnended ? last.progress : null;
}
