import type { ScriptError } from "@org/exit-codes";
import { refuseUnwritable } from "../report-files/refuse-unwritable.ts";
import { writeReportFiles } from "../report-files/write-report-files.ts";
import { writeFileSafely } from "../report-files/write-file-safely.ts";
import { writeMetrics } from "../metrics/index.ts";
import { testManifest } from "./manifest.ts";
import { sampleReport } from "./sample-report.ts";

/** What a test asks of this process; it answers each order with the warnings that it caused. */
export interface Order {
  readonly folder: string;
  readonly script: string;
  readonly runId: string;
  /** Characters of the report's data. */
  readonly size?: number;
  /** Writes one file over and over until the process is killed, and tells of each time. */
  readonly forever?: boolean;
  /** Gives up the rights of root first. */
  readonly asNobody?: boolean;
  /** Asks whether a file of the folder could be written, and writes none. */
  readonly onlyAsks?: boolean;
}

process.on("message", (order: Order) => void obey(order).then((answer) => process.send!(answer)));

async function obey({ folder, script, runId, size = 0, forever, asNobody, onlyAsks }: Order): Promise<string[]> {
  const warnings: string[] = [];
  const warning = (message: string): void => void warnings.push(message);
  const logger = { debug: warning, info: warning, warning, error: warning };
  if (asNobody && process.getuid!() === 0) process.seteuid!(65_534);
  if (onlyAsks) return refuseUnwritable(`${folder}/file.json`).then(() => [], (error: ScriptError) => [`${error.code}: ${error.message}`]);
  const sample = sampleReport({ script, data: "x".repeat(size) });
  const report = { ...sample, run: { ...sample.run, id: runId } };
  if (forever) await writeForever(`${folder}/file.json`, JSON.stringify(report));
  const stateDir = `${folder}/state`;
  await writeReportFiles({ report, manifest: testManifest, stateDir, reportDir: `${folder}/reports`, logger });
  await writeMetrics({ report, stateDir, metricsFile: `${folder}/reports/scripts.prom`, logger });
  return warnings;
}

async function writeForever(path: string, text: string): Promise<never> {
  for (;;) {
    await writeFileSafely(path, text);
    process.send!([]);
  }
}
