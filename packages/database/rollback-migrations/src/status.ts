import { printable } from "@org/logging";
import { countStates, type MigrationCollection } from "@org/run-migrations";
import { checkResult, fail, pass, skipped, unknown, warn, type CheckResult, type Finding, type RunContext } from "@org/script";
import { losesData } from "./losses/losses.ts";
import { describeLoss, describeTaken, describeTrip } from "./phrases.ts";
import { unfinished } from "./plan.ts";
import type { RollbackOutcome } from "./rollback.ts";
import type { RollbackSettings } from "./settings.ts";
import type { PlannedRollback, RollbackStatus, RoundTrip } from "./rollback-status.ts";

export interface StatusSource extends RollbackOutcome {
  readonly collection: MigrationCollection;
  readonly context: RunContext<RollbackSettings>;
}

export function toStatus({ states, plan, rolledBackNow, repeatedNow, roundTrips, error, collection, context }: StatusSource): RollbackStatus {
  return {
    action: context.dryRun ? "dry-run" : context.settings.verify ? "verify" : "rollback",
    directory: collection.directory,
    layout: collection.layout,
    stateSchema: context.settings.stateSchema,
    counts: countStates(states),
    plan,
    rolledBackNow,
    repeatedNow,
    roundTrips,
    failure: error?.failure ?? null,
    migrations: states,
  };
}

export function rollbackChecks(status: RollbackStatus, outcome: RollbackOutcome, settings: RollbackSettings): CheckResult[] {
  const { roundTrips } = status;
  const plan = status.plan ?? [];
  if (roundTrips !== null) return [checkResult({ id: "rollback.verified", title: "Up, then down, gives back the same schema" }, verified(status, roundTrips))];
  return [
    checkResult({ id: "rollback.way-back", title: "Every selected migration has a way back" }, wayBack(plan, outcome)),
    checkResult({ id: "rollback.loss", title: "No data is lost" }, loss(plan, status, settings)),
    checkResult({ id: "rollback.done", title: "The selected migrations are rolled back" }, done(status, plan, outcome)),
    ...repeatables(status, plan).map((finding) => checkResult({ id: "rollback.repeatables", title: "What repeatable files make is there" }, finding)),
  ];
}

function wayBack(plan: readonly PlannedRollback[], { states }: RollbackOutcome): Finding {
  const [halfDone] = unfinished(states, plan);
  if (halfDone !== undefined) {
    return fail(`${printable(halfDone.file ?? halfDone.name)} is newer and was applied in part, outside a transaction`, "Let npx @org/run-migrations finish it, then roll it back too.");
  }
  const refused = plan.filter(({ way }) => way === "refuse");
  const [first] = refused;
  if (first === undefined) return pass(plan.length === 0 ? "nothing is selected" : `${plan.length} selected: ${plan.map(({ version }) => version).join(", ")}`, count(plan));
  const evidence = refused.map(({ version, name, reason }) => `version ${version} (${printable(name)}): ${reason}`).join("; ");
  return fail(evidence, refusalRemedy(first, plan), count(refused));
}

function refusalRemedy({ file, version }: PlannedRollback, plan: readonly PlannedRollback[]): string {
  if (file !== null) return "Restore the file as it was applied, or accept it with npx @org/run-migrations repair --accept.";
  const goesSoFar = plan[0]?.version === version ? "" : `Go back as far as --to ${version}, or `;
  return `${goesSoFar}${goesSoFar === "" ? "U" : "u"}ndo it by hand and record it with --force-record.`;
}

function loss(plan: readonly PlannedRollback[], { action }: RollbackStatus, { allowDataLoss }: RollbackSettings): Finding {
  const losses = plan.flatMap((one) => one.losses).filter(losesData);
  if (losses.length === 0) return pass("the ways back take away nothing that holds data");
  const evidence = losses.map(describeLoss).join("; ");
  if (allowDataLoss) return warn(`${action === "dry-run" ? "would be lost" : "accepted as lost"}: ${evidence}`, "Keep a backup of what is named.", count(losses));
  const remedy = "Save what is named, then pass --allow-data-loss.";
  return action === "dry-run" ? warn(`would be lost: ${evidence}`, remedy, count(losses)) : fail(`would be lost: ${evidence}`, remedy, count(losses));
}

function done({ action, rolledBackNow }: RollbackStatus, plan: readonly PlannedRollback[], { error }: RollbackOutcome): Finding {
  const evidence = `${rolledBackNow.length} of ${plan.length} rolled back`;
  if (error !== undefined) {
    const [summary] = error.message.split("\n");
    const code = error.code === "checkFailed" ? {} : { code: error.code };
    return fail(`${evidence}; stopped at ${summary}`, error.hint ?? "Correct the file, then run it again.", { ...count(rolledBackNow), ...code });
  }
  if (action === "dry-run") return skipped(`dry run: ${plan.length} would be rolled back`);
  if (rolledBackNow.length === plan.length) return pass(plan.length === 0 ? "there is nothing to roll back" : evidence, count(rolledBackNow));
  return skipped("nothing was rolled back");
}

/** None where nothing of repeatable files is or may be taken along. */
function repeatables({ action, repeatedNow }: RollbackStatus, plan: readonly PlannedRollback[]): readonly Finding[] {
  const taken = plan.flatMap(({ takesAlong }) => takesAlong);
  if (taken.length + repeatedNow.length === 0) return [];
  if (action === "dry-run" && taken.length > 0) {
    return [warn(`may be taken along: ${taken.map(describeTaken).join("; ")}`, "What is taken along is applied again after the rollback, where it can be.", count(taken))];
  }
  const refused = repeatedNow.filter(({ reason }) => reason !== null);
  if (refused.length > 0) {
    const evidence = refused.map(({ file, reason }) => `${printable(file)} is lost and not applied again: ${printable(reason ?? "")}`).join("; ");
    return [warn(evidence, "Mend the file or remove it; run-migrations applies it again when every version is applied.", count(refused))];
  }
  const again = repeatedNow.map(({ file }) => printable(file)).join(", ");
  return [pass(again === "" ? "nothing of them was taken along" : `taken along and applied again: ${again}`, count(repeatedNow))];
}

function verified({ action }: RollbackStatus, trips: readonly RoundTrip[]): Finding {
  if (action === "dry-run") return skipped("dry run: the ways back would be proved on a scratch copy");
  if (trips.length === 0) return unknown("there is nothing to prove", "Select a migration, or leave the selection out.");
  const wrong = trips.filter(({ outcome }) => outcome !== "same");
  if (wrong.length > 0 && wrong.every(({ outcome }) => outcome === "unknown")) {
    return unknown(wrong.map(describeTrip).join("; "), "Verify with a role that may read it, or on a server (--shadow-url) where it may.", { code: "permission" });
  }
  if (wrong.length === 0) return pass(`${trips.length} of ${trips.length} give back the schema from before`, count(trips));
  return fail(`${wrong.length} of ${trips.length} do not: ${wrong.map(describeTrip).join("; ")}`, "Mend the way back of what is named.", count(wrong));
}

function count(things: readonly unknown[]): { readonly value: number; readonly unit: string } {
  return { value: things.length, unit: "count" };
}
