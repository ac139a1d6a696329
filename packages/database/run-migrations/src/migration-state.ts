import { locate, planExecution } from "@org/postgres";
import type { MigrationState, MigrationStateName, ResumePoint } from "@org/script";
import type { HistoryEntry } from "./history.ts";
import { compareVersions, normaliseVersion } from "./layouts.ts";
import type { Migration, MigrationCollection, MigrationFile } from "./read-migrations.ts";
import { beginProgress } from "./statement-progress.ts";

export type { MigrationState, MigrationStateName, ResumePoint };

/** Compares the files with the history, in the order of the versions. */
export function migrationStates(collection: MigrationCollection, history: readonly HistoryEntry[]): readonly MigrationState[] {
  const latest = latestRows(history);
  const applied = new Map([...latest].flatMap(([version, { effective }]) => (effective ? [[version, effective] as const] : [])));
  const newest = [...applied.keys()].toSorted(compareVersions).at(-1);
  const files = new Set(collection.migrations.map(({ version }) => version));
  const missing = [...applied].filter(([version]) => !files.has(version));
  return [
    ...collection.migrations.map((migration) => describeFile(migration, { entries: latest.get(migration.version), newest })),
    ...missing.map(([, entry]) => describeEntry(entry, "missing")),
  ].toSorted((a, b) => compareVersions(a.version, b.version));
}

/** Those that make it unsafe to go on: what was applied is not what the files say, or is undone in part. */
export function conflicts(states: readonly MigrationState[]): readonly MigrationState[] {
  return states.filter((one) => one.state === "changed" || one.state === "missing" || isHalfUndone(one));
}

/** Whether its rollback, outside a transaction, did a part and is not ended. */
export function isHalfUndone({ state, resumesAt }: Pick<MigrationState, "state" | "resumesAt">): boolean {
  return !isPending({ state }) && resumesAt !== null;
}

/** Whether it is still to be applied: never tried, or tried without a good end. */
export function isPending({ state }: Pick<MigrationState, "state">): boolean {
  return state === "pending" || state === "failed";
}

/** How many migrations are in each state. */
export function countStates(states: readonly MigrationState[]): Readonly<Record<MigrationStateName, number>> {
  const count = (name: MigrationStateName): number => states.filter(({ state }) => state === name).length;
  return { applied: count("applied"), pending: count("pending"), failed: count("failed"), changed: count("changed"), missing: count("missing") };
}

interface LatestRows {
  /** The row that says the version is applied; undefined when it is not, or not any more. */
  readonly effective: HistoryEntry | undefined;
  readonly last: HistoryEntry;
}

/** Attempts that failed or never ended change nothing of what is applied. */
function latestRows(history: readonly HistoryEntry[]): Map<string, LatestRows> {
  const latest = new Map<string, LatestRows>();
  for (const entry of history) {
    const version = normaliseVersion(entry.version);
    const ended = entry.status === "applied" || entry.status === "baseline";
    const before = latest.get(version)?.effective;
    latest.set(version, { effective: ended ? upOnly(entry) : before, last: entry });
  }
  return latest;
}

function upOnly(entry: HistoryEntry): HistoryEntry | undefined {
  return entry.direction === "up" ? entry : undefined;
}

interface KnownRows {
  readonly entries: LatestRows | undefined;
  /** The highest version that is applied. */
  readonly newest: string | undefined;
}

function describeFile(migration: Migration, { entries, newest }: KnownRows): MigrationState {
  const { version, name, file, checksum } = migration;
  if (entries?.effective === undefined) {
    const outOfOrder = newest !== undefined && compareVersions(version, newest) < 0;
    const error = lastError(entries?.last);
    return { ...blank, version, name, file, state: error === null ? "pending" : "failed", outOfOrder, lastError: error, resumesAt: resumePoint(migration, entries?.last, "up") };
  }
  const recorded = entries.effective.checksum;
  // A baseline may have been taken without the files.
  const state = recorded === null || recorded === checksum ? "applied" : "changed";
  return { ...describeEntry(entries.effective, state), name, file, lastError: rollbackError(entries.last), resumesAt: migration.down === undefined ? null : resumePoint(migration.down, entries.last, "down") };
}

const blank: Pick<MigrationState, "appliedAt" | "appliedBy" | "durationMs" | "runId"> = {
  appliedAt: null,
  appliedBy: null,
  durationMs: null,
  runId: null,
};

function describeEntry(entry: HistoryEntry, state: MigrationStateName): MigrationState {
  return {
    version: normaliseVersion(entry.version),
    name: entry.name,
    file: null,
    state,
    outOfOrder: false,
    appliedAt: entry.finishedAt?.toISOString() ?? null,
    appliedBy: entry.actor,
    durationMs: entry.durationMs,
    runId: entry.runId,
    lastError: null,
    resumesAt: null,
  };
}

function resumePoint({ sql }: MigrationFile, last: HistoryEntry | undefined, direction: "up" | "down"): ResumePoint | null {
  if (last === undefined || last.direction !== direction || last.progress === null) return null;
  const { inTransaction, statements } = planExecution(sql);
  const done = inTransaction ? 0 : beginProgress(statements, last.progress).done;
  if (done === 0) return null;
  const next = statements[done];
  return { statement: done + 1, of: statements.length, line: next === undefined ? null : locate(sql, next.start).line };
}

function lastError(last: HistoryEntry | undefined): string | null {
  if (last === undefined || last.direction === "down") return null;
  if (last.status === "running") return "it was started and never ended";
  return last.status === "failed" ? (last.error ?? "it failed") : null;
}

/** The schema may lack what a rollback outside a transaction had undone already. */
function rollbackError({ direction, status, error }: HistoryEntry): string | null {
  if (direction === "up") return null;
  return status === "running" ? "its rollback was started and never ended" : `its rollback failed: ${error}`;
}
