import type { CheckResult, Finding, Verdict } from "./check.ts";

type Extra = Omit<Finding, "verdict" | "evidence" | "remedy">;

/** The answer is yes. */
export function pass(evidence: string, extra: Extra = {}): Finding {
  return { verdict: "pass", evidence, ...extra };
}

/** The answer is yes, but somebody should look at it. */
export function warn(evidence: string, remedy: string, extra: Extra = {}): Finding {
  return { verdict: "warn", evidence, remedy, ...extra };
}

/** The answer is no. */
export function fail(evidence: string, remedy: string, extra: Extra = {}): Finding {
  return { verdict: "fail", evidence, remedy, ...extra };
}

/** There is no answer, because the check could not run. */
export function unknown(evidence: string, remedy: string, extra: Extra = {}): Finding {
  return { verdict: "unknown", evidence, remedy, ...extra };
}

/** The question does not arise; the evidence says why. */
export function skipped(evidence: string): Finding {
  return { verdict: "skipped", evidence };
}

/** A result that was found outside of `runChecks`, such as the verification after a change. */
export function checkResult(check: { readonly id: string; readonly title: string }, finding: Finding, durationMs = 0): CheckResult {
  return { id: check.id, title: check.title, ...finding, durationMs };
}

const worstFirst: readonly Verdict[] = ["fail", "unknown", "warn", "pass"];

/** The verdict over several; nothing that ran is `unknown`, because a check that did not run is never a pass. */
export function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  return worstFirst.find((verdict) => verdicts.includes(verdict)) ?? "unknown";
}
