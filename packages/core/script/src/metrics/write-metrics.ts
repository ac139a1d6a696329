import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "@org/logging";
import type { Report } from "../report.ts";
import { orWarning } from "../report-files/or-warning.ts";
import { publishMerged } from "../report-files/publish-merged.ts";
import { renderMetrics } from "./metrics.ts";
import { metricsOf, scriptMetrics, type ScriptMetrics } from "./metrics-of-report.ts";

export interface MetricsFile {
  readonly report: Report;
  readonly stateDir: string;
  /** The file for the textfile collector, absolute; its name must end in `.prom` for node_exporter. */
  readonly metricsFile: string;
  readonly logger: Logger;
}

/**
 * Writes the gauges of this run, beside those of the other scripts, into one file that everybody may read, because the
 * collector is another user. A dry run leaves it alone. What cannot be written is a warning.
 */
export async function writeMetrics({ report, stateDir, metricsFile, logger }: MetricsFile): Promise<void> {
  if (report.run.dryRun) return;
  const part = scriptMetrics(report);
  await orWarning(logger, "The metrics are not updated", async () => {
    await mkdir(dirname(metricsFile), { recursive: true });
    await publishMerged<ScriptMetrics>({
      partsDir: join(stateDir, "metrics"),
      partName: part.script,
      part,
      target: metricsFile,
      mode: 0o644,
      isPart: isMetricsOf,
      merge: (parts) => renderMetrics(metricsOf([...parts.values()])),
      logger,
    });
  });
}

function isMetricsOf(value: unknown, script: string): value is ScriptMetrics {
  const part = value as Partial<ScriptMetrics> | null;
  return typeof part === "object" && part?.script === script && typeof part.counts === "object" && Array.isArray(part.checks);
}
