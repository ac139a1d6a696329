import { setImmediate as nextTurn } from "node:timers/promises";
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
  return { ...migration, migration, direction: "up", progress: progressOf(migration, history, "up"), plan: planOf(migration) };
}

/** The file that undoes it; undefined where there is none. */
export function wayBack(migration: Migration, history: readonly HistoryEntry[]): FileToRun | undefined {
  if (migration.down === undefined) return undefined;
  return { ...migration.down, migration, direction: "down", progress: progressOf(migration, history, "down"), plan: planOf(migration.down) };
}

/** Works out how the files run, with pauses for what happens meanwhile, so that wayThere finds it done. */
export async function planAhead(files: readonly MigrationFile[]): Promise<void> {
  for (const [index, file] of files.entries()) {
    if (index % 32 === 0) await nextTurn();
    planOf(file);
  }
}

const plans = new WeakMap<MigrationFile, ExecutionPlan>();

function planOf(file: MigrationFile): ExecutionPlan {
  const plan = plans.get(file) ?? planExecution(file.sql);
  plans.set(file, plan);
  return plan;
}

function progressOf(migration: Migration, history: readonly HistoryEntry[], direction: "up" | "down"): StatementProgress | null {
  const last = history.findLast(({ version }) => normaliseVersion(version) === migration.version);
  const isUnended = last?.direction === direction && (last.status === "running" || last.status === "failed");
  return isUnended ? last.progress : null;
}
