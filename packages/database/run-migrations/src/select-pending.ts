import { ScriptError } from "@org/exit-codes";
import { compareVersions, normaliseVersion } from "./layouts.ts";
import { isPending, type MigrationState } from "./migration-state.ts";
import { printable } from "./printable.ts";
import type { RepeatableState } from "./repeatables.ts";

/** Which of the pending migrations to apply. */
export interface PendingSelection {
  /** The last version to apply; the newest unless told. */
  readonly to?: string | undefined;
  /** Apply also what is older than what is applied already. */
  readonly allowOutOfOrder?: boolean | undefined;
}

/** Throws a ScriptError (configuration) for a version that no file has, (checkFailed) for files out of order that are not allowed. */
export function selectPending(states: readonly MigrationState[], { to, allowOutOfOrder = false }: PendingSelection): readonly MigrationState[] {
  const last = to === undefined ? undefined : parseVersion(states, to);
  const pending = states.filter((one) => isPending(one) && (last === undefined || compareVersions(one.version, last) <= 0));
  const late = pending.filter(({ outOfOrder }) => outOfOrder);
  if (late.length > 0 && !allowOutOfOrder) throw outOfOrderError(late);
  return pending;
}

/** The versions that a run applies, those of repeatable files included. Throws as selectPending does. */
export function dueFiles({ states, repeatables }: KnownStates, selection: PendingSelection): readonly string[] {
  const pending = selectPending(states, selection);
  const repeated = leavesNothingBehind(states, pending) ? repeatables.filter(({ state }) => state !== "applied") : [];
  return [...pending, ...repeated].map(({ version }) => version);
}

interface KnownStates {
  readonly states: readonly MigrationState[];
  readonly repeatables: readonly RepeatableState[];
}

/** Whether every migration is applied after these: what is repeatable may need any of them. */
export function leavesNothingBehind(states: readonly MigrationState[], selected: readonly MigrationState[]): boolean {
  return states.filter(isPending).length === selected.length;
}

/** Finds a version however it is written. Throws a ScriptError (configuration) for one that is not there. */
export function parseVersion(states: readonly MigrationState[], written: string): string {
  for (const version of [normaliseVersion(written), normaliseVersion(written.replaceAll(/[-_.T]/gu, ""))]) {
    if (states.some((state) => state.version === version)) return version;
  }
  throw new ScriptError("configuration", `no migration has the version ${printable(written)}`, {
    hint: "Name a version that `npx @org/run-migrations status` lists.",
  });
}

/** What to tell of pending files that are older than what is applied. */
function outOfOrderError(late: readonly MigrationState[]): ScriptError {
  const files = late.map(({ file, name }) => printable(file ?? name)).join(", ");
  return new ScriptError("checkFailed", `${files} ${late.length === 1 ? "is" : "are"} older than what is applied already; nothing was applied`, {
    hint: "Give the file a newer version, or pass --allow-out-of-order.",
  });
}
