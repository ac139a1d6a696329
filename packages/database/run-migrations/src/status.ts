import { checkResult, fail, pass, skipped, warn, type CheckResult, type Finding, type MigrationFacts, type RunContext } from "@org/script";
import type { AppliedMigration } from "./apply-file.ts";
import { conflictError } from "./apply-migrations.ts";
import type { RecordedChange } from "./bookkeeping.ts";
import type { HookRun } from "./hooks/hook.ts";
import { MigrationError } from "./migration-error.ts";
import { lintCheck, type LintCheckOptions } from "./lint-check.ts";
import type { PlannedFile } from "./lint/lint-files.ts";
import { conflicts, countStates, type MigrationState } from "./migration-state.ts";
import type { MigrateOutcome, MigrateSettings } from "./migrate.ts";
import { printable } from "./printable.ts";
import type { MigrationCollection } from "./read-migrations.ts";
import { rehearsalCheck } from "./rehearse/rehearsal-check.ts";
import type { Rehearsal } from "./rehearse/rehearsal.ts";
import type { RepeatableState } from "./repeatables.ts";

/** What run-migrations reports: the data of `migration_status.json`. */
export interface MigrationStatus extends MigrationFacts {
  /** What was asked for; `dry-run` changed nothing. */
  readonly action: "apply" | "status" | "plan" | "repair" | "baseline" | "adopt" | "dry-run";
  /** Applied by this run, in this order. */
  readonly appliedNow: readonly AppliedMigration[];
  /** Recorded by this run without being executed; in a dry run, what would be. */
  readonly recordedNow: readonly RecordedChange[];
  /** What the pending files would do, statement by statement, and what the rules say of it; null unless it was a plan or a dry run. */
  readonly plan: readonly PlannedFile[] | null;
  /** What they did in a scratch copy of the schema, measured; null unless that was asked for and could be had. */
  readonly rehearsal: Rehearsal | null;
  /** The files R__name.sql and the seeds, in the order in which they run. */
  readonly repeatables: readonly RepeatableState[];
  /** The hooks that ran, in this order; in a plan or a dry run, those that would. */
  readonly hooks: readonly HookRun[];
}

export interface StatusSource extends MigrateOutcome {
  readonly collection: MigrationCollection;
  readonly context: RunContext<MigrateSettings>;
}

export function toStatus({ states, repeatables, hooks, appliedNow, recordedNow, plan, rehearsal, error, collection, context }: StatusSource): MigrationStatus {
  return {
    action: context.dryRun && context.action !== "status" && context.action !== "plan" ? "dry-run" : (context.action as MigrationStatus["action"]),
    directory: collection.directory,
    layout: collection.layout,
    stateSchema: context.settings.stateSchema,
    counts: countStates(states),
    appliedNow,
    recordedNow,
    plan,
    rehearsal: rehearsal === null || "error" in rehearsal ? null : rehearsal,
    failure: error instanceof MigrationError ? error.failure : null,
    migrations: states,
    repeatables,
    hooks,
  };
}

export function statusChecks(status: MigrationStatus, { states, rehearsal, error }: MigrateOutcome, lint: LintCheckOptions): CheckResult[] {
  return [
    checkResult({ id: "migrations.readable", title: "The migration files can be used" }, readable(status)),
    checkResult({ id: "migrations.unchanged", title: "Applied migrations are as the files say" }, unchanged(status, states)),
    checkResult({ id: "migrations.applied", title: "Every migration is applied" }, applied(status, error)),
    ...(rehearsal === null ? [] : [checkResult({ id: "migrations.rehearsal", title: "Pending migrations run in a scratch copy" }, rehearsalCheck(rehearsal))]),
    ...(status.plan === null ? [] : [checkResult({ id: "migrations.lint", title: "Pending migrations do no harm" }, lintCheck(status.plan, lint))]),
  ];
}

function readable({ migrations, directory, layout }: MigrationStatus): Finding {
  const files = migrations.filter(({ file }) => file !== null).length;
  return pass(`${files} ${files === 1 ? "migration" : "migrations"} in ${printable(directory)} (layout ${layout})`, { value: files, unit: "count" });
}

function unchanged({ counts }: MigrationStatus, states: readonly MigrationState[]): Finding {
  const found = conflicts(states);
  if (found.length === 0) return pass(`${counts.applied} applied, none of them changed or missing`);
  const { message, hint } = conflictError(states);
  return fail(message, hint ?? "", { value: found.length, unit: "count" });
}

function applied({ action, counts, repeatables }: MigrationStatus, error: MigrateOutcome["error"]): Finding {
  const due = repeatables.filter(({ state }) => state !== "applied").length;
  const pending = counts.pending + counts.failed;
  const evidence = `${counts.applied} applied, ${pending} pending${counts.failed === 0 ? "" : ` (${counts.failed} failed before)`}${due === 0 ? "" : `, ${due} to repeat`}`;
  const figures = { value: pending + due, unit: "count" };
  if (error !== undefined) {
    const [summary] = error.message.split("\n");
    const code = error.code === "checkFailed" ? {} : { code: error.code };
    return fail(`${evidence}; stopped at ${summary}`, error.hint ?? "", { ...figures, ...code });
  }
  if (pending + due === 0) return pass(evidence, figures);
  if (action === "dry-run") return skipped(`dry run: ${evidence}`);
  if (action === "apply") return skipped(`nothing was applied: ${evidence}`);
  return warn(evidence, "Run npx @org/run-migrations.", figures);
}
