import { isAbsolute, relative, sep } from "node:path";
import { fail, pass, warn, type Finding, type Occurrence } from "@org/script";
import type { PlannedFile } from "./lint/lint-files.ts";
import { printable } from "./printable.ts";

export const failOnLevels = ["error", "warn", "never"] as const;
export type FailOn = (typeof failOnLevels)[number];

export interface LintCheckOptions {
  readonly failOn: FailOn;
  /** The folder that the files of occurrences are relative to. */
  readonly root: string;
}

/** The verdict on the findings of a plan. */
export function lintCheck(plan: readonly PlannedFile[], { failOn, root }: LintCheckOptions): Finding {
  const findings = plan.flatMap((file) => file.findings);
  const errors = findings.filter(({ level }) => level === "error").length;
  const figures = { value: findings.length, unit: "count" };
  const [first] = findings.toSorted((a, b) => a.level.localeCompare(b.level));
  if (first === undefined) return pass(`nothing to say of ${plan.length} pending ${plan.length === 1 ? "file" : "files"}`, figures);
  const evidence = `${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}; first ${printable(first.file)}:${first.line}: ${first.message} (${first.rule})`;
  const isFailure = failOn === "warn" || (failOn === "error" && errors > 0);
  const told = { ...figures, occurrences: plan.flatMap((file) => occurrencesIn(file, root)) };
  return isFailure ? fail(evidence, `${first.hint} Or say why it is right: -- lint-ignore ${first.rule}: reason`, told) : warn(evidence, first.hint, told);
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function occurrencesIn({ path, findings }: PlannedFile, root: string): readonly Occurrence[] {
  const inside = relative(root, path);
  const file = inside.startsWith("..") || isAbsolute(inside) ? path : inside.replaceAll(sep, "/");
  return findings.map(({ rule, level, message, line, column, hint }) => ({ rule, level: level === "warn" ? "warning" : level, message, file, line, column, remedy: hint }));
}
