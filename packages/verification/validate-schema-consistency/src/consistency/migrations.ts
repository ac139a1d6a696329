import { conflicts, describeConflict, isHalfUndone, type MigrationState } from "@org/run-migrations";
import { fail, pass, skipped, warn, type Check, type Finding } from "@org/script";
import type { Files } from "../files.ts";

/** Whether files and history agree; a text says why there is nothing to compare. */
export function migrationChecks(files: Files | string): readonly Check[] {
  const judged = (judge: (states: readonly MigrationState[]) => Finding) => (): Finding =>
    typeof files === "string" ? skipped(files) : judge(files.states);
  return [
    { id: "migrations.unchanged", title: "Applied migrations are as the files say", run: judged(unchanged) },
    { id: "migrations.applied", title: "Every migration is applied", run: judged(applied) },
  ];
}

function unchanged(states: readonly MigrationState[]): Finding {
  const found = conflicts(states);
  if (found.length === 0) return pass(`${states.filter(({ state }) => state === "applied").length} applied, none of them changed or missing`);
  const remedy = found.every(isHalfUndone) ? "Finish it with npx @org/rollback-migrations." : "Restore the files as they were applied, and put the change into a new migration.";
  return fail(found.map(describeConflict).join("; "), remedy, { value: found.length, unit: "count" });
}

function applied(states: readonly MigrationState[]): Finding {
  const pending = states.filter(({ state }) => state === "pending" || state === "failed");
  const extra = { value: pending.length, unit: "count" };
  if (pending.length === 0) return pass(`${states.length} of ${states.length} are applied`);
  if (pending.length === states.length) {
    const evidence = `the history names none of the ${pending.length} migrations, so the database was migrated by other means; it was compared with all of them`;
    return warn(evidence, "Record them as applied, so that later migrations know where to begin.", extra);
  }
  return fail(`not applied: ${pending.map(({ file, name, outOfOrder }) => `${file ?? name}${outOfOrder ? " (out of order: newer ones are applied)" : ""}`).join(", ")}`, "Run npx @org/run-migrations.", extra);
}
