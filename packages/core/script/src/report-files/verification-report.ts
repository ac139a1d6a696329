import type { Verdict } from "../check.ts";
import { overallVerdict } from "../findings.ts";
import type { Report } from "../report.ts";

/** `verification_report.json`: the latest report of every verification script. */
export interface VerificationReport {
  readonly reportVersion: 1;
  /** When the latest of the runs ended. */
  readonly updatedAt: string;
  /** The worst of all scripts. */
  readonly verdict: Verdict;
  readonly scripts: Readonly<Record<string, Report>>;
}

export function verificationReport(reports: readonly Report[]): VerificationReport {
  const ends = reports.map(({ run }) => run.endedAt).toSorted();
  return {
    reportVersion: 1,
    updatedAt: ends.at(-1) ?? "",
    verdict: overallVerdict(reports.map((report) => report.verdict)),
    scripts: Object.fromEntries(reports.map((report) => [report.script, report])),
  };
}

/** Whether a value read from a file is the report of this script; a part of a later version of the format is not. */
export function isReportOf(value: unknown, script: string): value is Report {
  const report = value as Partial<Report> | null;
  return typeof report === "object" && report?.reportVersion === 1 && report.script === script && typeof report.run?.endedAt === "string";
}
