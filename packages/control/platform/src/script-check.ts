import { checkResult, fail, pass, skipped, unknown, warn, type CheckResult, type Finding, type Verdict } from "@org/script";
import type { ScriptRun } from "./platform.ts";
import { codeName } from "./run-child.ts";

/** A check of a script that somebody should look at. */
export type OpenCheck = Pick<CheckResult, "id" | "verdict" | "evidence" | "remedy">;

const worstFirst: readonly Verdict[] = ["fail", "unknown", "warn"];

/** The checks that are no pass, worst first. */
export function openChecks(checks: readonly CheckResult[]): OpenCheck[] {
  return worstFirst.flatMap((wanted) => checks.filter(({ verdict }) => verdict === wanted)).map(({ id, verdict, evidence, remedy }) => ({ id, verdict, evidence, ...(remedy === undefined ? {} : { remedy }) }));
}

/** A dry run that completed ended with 10 and lets the next script be asked too. */
export function hasFailed({ outcome, exitCode, verdict }: ScriptRun): boolean {
  return outcome === "blocked" || (outcome === "ran" && !((exitCode === 0 && verdict !== "unknown") || exitCode === 10));
}

/** Each script is a check of the platform: what it found, or that it could not run. `reports` is the folder of all reports. */
export function asCheck(run: ScriptRun, reports: string): CheckResult {
  const check = { id: run.script, title: `${run.target}: ${run.script}` };
  return checkResult(check, findingOf(run, reports), run.durationMs);
}

function findingOf(run: ScriptRun, reports: string): Finding {
  if (run.outcome === "planned") return skipped(run.reason!);
  if (run.outcome === "blocked") return unknown(run.reason!, "Mend that first and run it again.");
  const seen = [`${run.checksRan} of ${run.checksTotal} checks ran`, ...told(run.open)].join("; ");
  const remedy = remedyOf(run, reports);
  if (!hasFailed(run)) return run.exitCode === 10 ? skipped("dry run completed") : run.verdict === "warn" ? warn(seen, remedy) : pass(seen);
  const code = codeName(run.exitCode!);
  const ending = `exit code ${run.exitCode} (${code}), ${seen}`;
  return (run.verdict === "fail" ? fail : unknown)(ending, remedy, code === "checkFailed" || code === "success" ? {} : { code });
}

/** More would bury the other scripts. */
const mostTold = 3;

function told(open: readonly OpenCheck[]): string[] {
  const first = open.slice(0, mostTold).map(({ id, verdict, evidence }) => `${verdict} ${id}: ${evidence}`);
  return open.length > mostTold ? [...first, `and ${open.length - mostTold} more`] : first;
}

function remedyOf({ script, open }: ScriptRun, reports: string): string {
  const report = `The report of ${script} in ${reports} has all that it found.`;
  const [first] = open;
  if (first?.remedy === undefined) return report;
  return open.length === 1 ? first.remedy : `${first.remedy} ${report}`;
}
