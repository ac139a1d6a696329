import { ScriptError } from "@org/exit-codes";
import { compareVersions, isPending, normaliseVersion, parseVersion, type HistoryEntry, type MigrationState } from "@org/run-migrations";
import type { RollbackSettings } from "./settings.ts";

/** How far to go back. */
export type Selection = Pick<RollbackSettings, "steps" | "to" | "lastRun">;

/** Throws a ScriptError (configuration) unless exactly one way of saying how far is used; with `optional`, at most one. */
export function requireSelection({ steps, to, lastRun }: Selection, { optional }: { readonly optional: boolean }): void {
  const told = [steps !== undefined && "--steps", to !== undefined && "--to", lastRun && "--last-run"].filter((flag) => flag !== false);
  if (told.length === 1 || (optional && told.length === 0)) return;
  const problem = told.length === 0 ? "nothing says how far to roll back" : `${told.join(" and ")} say twice how far to roll back`;
  throw new ScriptError("configuration", problem, { hint: "Pass exactly one of --steps N, --to VERSION and --last-run." });
}

export interface SelectionSource {
  readonly states: readonly MigrationState[];
  readonly history: readonly HistoryEntry[];
}

/**
 * The applied migrations to roll back, the newest version first. Throws a ScriptError (configuration) for a version that is unknown, for more
 * steps than are applied, and where no run can be named as the last one.
 */
export function selectApplied({ states, history }: SelectionSource, { steps, to, lastRun }: Selection): readonly MigrationState[] {
  const applied = states.filter((state) => !isPending(state)).toReversed();
  if (lastRun) return ofLastRun(applied, history);
  if (steps !== undefined) return newest(applied, steps);
  if (to === "0") return applied;
  const last = parseVersion(states, to ?? "");
  return applied.filter(({ version }) => compareVersions(version, last) > 0);
}

function newest(applied: readonly MigrationState[], steps: number): readonly MigrationState[] {
  if (steps <= applied.length) return applied.slice(0, steps);
  const count = applied.length === 0 ? "no migration is applied" : `only ${applied.length} ${applied.length === 1 ? "migration is" : "migrations are"} applied`;
  throw new ScriptError("configuration", `--steps ${steps} goes too far: ${count}`, {
    hint: "`npx @org/run-migrations status` lists them; --to 0 rolls back all there are.",
  });
}

function ofLastRun(applied: readonly MigrationState[], history: readonly HistoryEntry[]): readonly MigrationState[] {
  const executed = executedRows(history);
  const last = [...executed.values()].at(-1);
  if (last === undefined) return [];
  if (last.runId === null) {
    throw new ScriptError("configuration", `version ${last.version} was applied last, and the history does not say in which run`, { hint: "Pass --steps or --to instead of --last-run." });
  }
  return applied.filter(({ version }) => executed.get(version)?.runId === last.runId);
}

/** The row that executed each version which is applied, in the order of their execution. Accepting a changed file executes nothing. */
function executedRows(history: readonly HistoryEntry[]): Map<string, HistoryEntry> {
  const executed = new Map<string, HistoryEntry>();
  for (const entry of history) {
    const version = normaliseVersion(entry.version);
    const executes = entry.direction === "up" && entry.status === "applied";
    const reverts = entry.direction === "down" && (entry.status === "applied" || entry.status === "baseline");
    if (executes || reverts) executed.delete(version);
    if (executes) executed.set(version, entry);
  }
  return executed;
}
