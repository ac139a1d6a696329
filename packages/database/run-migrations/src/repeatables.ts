import type { HistoryEntry } from "./history.ts";
import type { Migration } from "./read-migrations.ts";

/**
 * `changed`: it was applied with another text, so it runs again. `failed`: its latest attempt did not end well, so it runs again. `lost`: a rollback
 * took along what it had made, so it runs again.
 */
export type RepeatableStateName = "applied" | "pending" | "changed" | "failed" | "lost";

/** A file that runs once, and again whenever its text changes. */
export interface RepeatableState {
  /** `repeatable`: R__name.sql beside the migrations; `seed`: of the config. */
  readonly kind: "repeatable" | "seed";
  /** What the history records it under, in the place of a version. */
  readonly version: string;
  readonly name: string;
  readonly file: string;
  readonly state: RepeatableStateName;
  /** ISO 8601 in UTC; of the latest time. */
  readonly appliedAt: string | null;
  readonly appliedBy: string | null;
  readonly durationMs: number | null;
  /** Why the latest attempt did not end well. */
  readonly lastError: string | null;
}

const prefixes = { repeatable: "R__", seed: "S__" } as const;

/** What the history records a repeatable file or a seed under; no version of a migration has such a form. */
export function repeatableKey(kind: RepeatableState["kind"], name: string): string {
  return `${prefixes[kind]}${name}`;
}

/** The name of a repeatable file; undefined for every other path. */
export function repeatableName(file: string): string | undefined {
  return /^R__(.+)\.sql$/su.exec(file.slice(file.lastIndexOf("/") + 1))?.[1];
}

/** Compares the files with their rows of the history. A file that is gone leaves what it made, so nothing is said of it. */
export function repeatableStates(files: readonly Migration[], history: readonly HistoryEntry[]): readonly RepeatableState[] {
  return files.map((migration) => describe(migration, history.filter(({ version }) => version === migration.version)));
}

/** Those that are to run, in their order. */
export function dueRepeatables(files: readonly Migration[], history: readonly HistoryEntry[]): readonly Migration[] {
  const due = new Set(repeatableStates(files, history).flatMap(({ version, state }) => (state === "applied" ? [] : [version])));
  return files.filter(({ version }) => due.has(version));
}

function describe({ version, name, file, checksum }: Migration, rows: readonly HistoryEntry[]): RepeatableState {
  const [ended, last] = [rows.findLast(({ status }) => status === "applied"), rows.at(-1)];
  const applied = ended?.direction === "up" ? ended : undefined;
  const isUnended = last !== undefined && last.status !== "applied";
  return {
    kind: version.startsWith(prefixes.seed) ? "seed" : "repeatable",
    version,
    name,
    file,
    state: isUnended ? "failed" : ended?.direction === "down" ? "lost" : applied === undefined ? "pending" : applied.checksum === checksum ? "applied" : "changed",
    appliedAt: applied?.finishedAt?.toISOString() ?? null,
    appliedBy: applied?.actor ?? null,
    durationMs: applied?.durationMs ?? null,
    lastError: isUnended ? (last.error ?? "it was started and never ended") : null,
  };
}
