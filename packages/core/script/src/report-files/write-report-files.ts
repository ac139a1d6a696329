import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@org/logging";
import { renderJson } from "../formats/json.ts";
import type { Manifest } from "../manifest.ts";
import type { Report } from "../report.ts";
import { orWarning } from "./or-warning.ts";
import { publishMerged } from "./publish-merged.ts";
import { writeRunFile } from "./run-files.ts";
import { isReportOf, verificationReport } from "./verification-report.ts";
import { writeFileSafely } from "./write-file-safely.ts";

export interface ReportFiles {
  readonly report: Report;
  readonly manifest: Manifest;
  /** Absolute folders; made when they are not there. */
  readonly stateDir: string;
  readonly reportDir: string;
  readonly logger: Logger;
}

/**
 * Writes down one run: its own report in `<stateDir>/runs`, and the latest result that other scripts read in `reportDir`.
 * A dry run leaves the latest result alone. What cannot be written is a warning: no run fails because of its record.
 */
export async function writeReportFiles(files: ReportFiles): Promise<void> {
  const { report, manifest, stateDir, logger } = files;
  const text = renderJson(report);
  const kept = orWarning(logger, "The report of this run is not kept", () => writeRunFile(join(stateDir, "runs"), report, text));
  const name = manifest.report;
  if (name !== undefined && !report.run.dryRun) await orWarning(logger, `The latest ${name} is not updated`, () => writeLatest(name, text, files));
  await kept;
}

async function writeLatest(name: string, text: string, { report, stateDir, reportDir, logger }: ReportFiles): Promise<void> {
  const target = join(reportDir, `${name}.json`);
  mkdirSync(reportDir, { recursive: true, mode: 0o700 });
  if (name !== "verification_report") return await writeFileSafely(target, text);
  await publishMerged<Report>({
    partsDir: join(stateDir, name),
    partName: report.script,
    part: report,
    target,
    isPart: isReportOf,
    merge: (parts) => renderJson(verificationReport([...parts.values()])),
    logger,
  });
}
