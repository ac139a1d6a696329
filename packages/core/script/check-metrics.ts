import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@org/logging";
import { writeMetrics } from "./src/metrics/index.ts";
import { sampleReport } from "./src/testing/sample-report.ts";

/**
 * Whether `promtool check metrics` accepts a metrics text without a word; the answer is undefined, or what is wrong.
 * A machine without promtool gets an answer that says how to have it.
 */
export function checkMetrics(text: string, promtool: string): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
  if (error !== undefined) {
    return `${promtool} cannot be run (${error.message}): install it (Debian: apt-get install prometheus) or set PROMTOOL to its path`;
  }
  const words = `${stdout}${stderr}`.trim();
  return status === 0 && words === "" ? undefined : `promtool ended with ${status}: ${words}`;
}

/** The metrics file as two scripts write it, with names that need escaping. */
export async function sampleMetrics(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "check-metrics-"));
  try {
    const metricsFile = join(folder, "scripts.prom");
    const checks = [{ id: 'a"b\\c\nd', title: "A", verdict: "pass", evidence: "b", value: 1e21, unit: "%", durationMs: 1 } as const];
    const reports = [sampleReport(), sampleReport({ script: "run-migrations", checks: [...checks, ...checks] })];
    for (const report of reports) await writeMetrics({ report, stateDir: folder, metricsFile, logger: silentLogger });
    return readFileSync(metricsFile, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const problem = checkMetrics(await sampleMetrics(), process.env["PROMTOOL"] ?? "promtool");
  process.stdout.write(`${problem ?? "promtool accepts the metrics file"}\n`);
  process.exitCode = problem === undefined ? 0 : 1;
}
