import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkMetrics, sampleMetrics } from "../../check-metrics.ts";
import type { Report } from "../report.ts";
import { recordingLogger } from "../testing/recording-logger.ts";
import { sampleReport } from "../testing/sample-report.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { writeMetrics } from "./index.ts";
import { renderMetrics } from "./metrics.ts";

test("labels and help are escaped, every series comes once, and an empty family not at all", () => {
  const labels = { check: 'a"b\\c\nd' };
  const samples = [
    { labels, value: 1 },
    { labels, value: -1 },
    { labels: {}, value: Number.POSITIVE_INFINITY },
  ];
  expect(renderMetrics([{ name: "a", help: "b\\\nc", samples }, { name: "none", help: "", samples: [] }])).toBe(
    '# HELP a b\\\\\\nc\n# TYPE a gauge\na{check="a\\"b\\\\c\\nd"} -1\na +Inf\n',
  );
});

async function write(folder: string, reports: readonly Report[]): Promise<{ readonly text: string; readonly warnings: readonly string[] }> {
  const logger = recordingLogger();
  const metricsFile = join(folder, "textfile", "scripts.prom");
  for (const report of reports) await writeMetrics({ report, stateDir: join(folder, "state"), metricsFile, logger });
  expect(statSync(metricsFile).mode & 0o777).toBe(0o644 & ~process.umask());
  return { text: readFileSync(metricsFile, "utf8"), warnings: logger.warnings };
}

test("the file holds the latest run of every script, and the collector may read it", async () => {
  const passed = sampleReport({ script: "run-migrations", verdict: "pass", exitCode: 0, checks: [] });
  const { text, warnings } = await write(temporaryFolder(), [sampleReport({ script: "run-migrations" }), sampleReport(), passed]);
  expect(warnings).toEqual([]);
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  expect(lines).toEqual(expect.arrayContaining([
    'script_execution_duration_seconds{script="verify_connection"} 0.412',
    'script_execution_status{script="verify_connection"} 0',
    'script_execution_status{script="run_migrations"} 1',
    'script_last_run_timestamp{script="run_migrations"} 1750156200.412',
    'script_exit_code{script="verify_connection"} 6',
    'script_checks{script="verify_connection",verdict="unknown"} 1',
    'script_check_status{script="verify_connection",check="tls"} 1',
    'script_check_status{script="verify_connection",check="query"} 0',
    'script_check_status{script="verify_connection",check="rest"} -1',
    'script_check_value{script="verify_connection",check="query",unit="ms"} 240.129',
  ]));
  expect(text).not.toContain("pooler");
  expect(text).not.toContain('script_check_status{script="run_migrations"');
});

test("a dry run leaves the file alone, and a file that cannot be written is a warning", async () => {
  const folder = temporaryFolder();
  const report = sampleReport();
  const before = await write(folder, [report]);
  const dry = { ...report, exitCode: 10, run: { ...report.run, dryRun: true } } as const;
  expect(await write(folder, [dry])).toEqual(before);
  const logger = recordingLogger();
  writeFileSync(join(folder, "file"), "");
  await writeMetrics({ report, stateDir: folder, metricsFile: join(folder, "file", "scripts.prom"), logger });
  expect(logger.warnings).toEqual([expect.stringMatching(/^The metrics are not updated: .*file/u)]);
});

test("the check with promtool says how to get it where it is missing", async () => {
  const problem = checkMetrics(await sampleMetrics(), join(temporaryFolder(), "promtool"));
  expect(problem).toMatch(/promtool cannot be run \(.*ENOENT\): install it .* or set PROMTOOL/u);
});
