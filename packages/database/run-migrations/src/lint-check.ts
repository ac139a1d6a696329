import { fail, pass, warn, type Finding } from "@org/script";
import type { PlannedFile } from "./lint/lint-files.ts";
import { printable } from "./printable.ts";

export const failOnLevels = ["error", "warn", "never"] as const;
export type FailOn = (typeof failOnLevels)[number];

/** The verdict on the findings of a plan. */
export function lintCheck(plan: readonly PlannedFile[], failOn: FailOn): Finding {
  const findings = plan.flatMap((file) => file.findings);
  const errors = findings.filter(({ level }) => level === "error").length;
  const figures = { value: findings.length, unit: "count" };
  const [first] = findings.toSorted((a, b) => a.level.localeCompare(b.level));
  if (first === undefined) return pass(`nothing to say of ${plan.length} pending ${plan.length === 1 ? "file" : "files"}`, figures);
  const evidence = `${errors} errors, ${findings.length - errors} warnings; first ${printable(first.file)}:${first.line}: ${first.message} (${first.rule})`;
  const isFailure = failOn === "warn" || (failOn === "error" && errors > 0);
  return isFailure ? fail(evidence, `${first.hint} Or say why it is right: -- lint-ignore ${first.rule}: reason`, figures) : warn(evidence, first.hint, figures);
}
