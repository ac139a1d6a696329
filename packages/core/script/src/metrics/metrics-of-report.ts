import { exitCodes } from "@org/exit-codes";
import type { CheckResult, Verdict } from "../check.ts";
import type { Report } from "../report.ts";
import type { Metric, Sample } from "./metrics.ts";

/** What is kept of one run until the next run of the same script. */
export interface ScriptMetrics {
  readonly script: string;
  readonly endedAt: string;
  readonly durationMs: number;
  readonly exitCode: number;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly checks: readonly Pick<CheckResult, "id" | "verdict" | "value" | "unit">[];
}

export function scriptMetrics({ script, run, exitCode, counts, checks }: Report): ScriptMetrics {
  const { pass, warn, fail, unknown, skipped } = counts;
  return {
    script: metricName(script),
    endedAt: run.endedAt,
    durationMs: run.durationMs,
    exitCode,
    counts: { pass, warn, fail, unknown, skipped },
    checks: checks.map(({ id, verdict, value, unit }) => ({ id, verdict, ...(value === undefined ? {} : { value }), ...(unit === undefined ? {} : { unit }) })),
  };
}

/** The name that the log uses too: `run-migrations` is `run_migrations`. */
function metricName(script: string): string {
  return script.replaceAll("-", "_");
}

/** The gauges of all scripts, one family after the other as the format wants it. */
export function metricsOf(scripts: readonly ScriptMetrics[]): Metric[] {
  return families.map(({ name, help, samples }) => ({ name, help, samples: scripts.flatMap((script) => samples(script)) }));
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: (run: ScriptMetrics) => readonly Sample[];
}

const families: readonly Family[] = [
  {
    name: "script_execution_duration_seconds",
    help: "How long the last run of the script took.",
    samples: ({ script, durationMs }) => [{ labels: { script }, value: durationMs / 1_000 }],
  },
  {
    name: "script_execution_status",
    help: "Whether the last run of the script succeeded: 1 success, 0 anything else.",
    samples: ({ script, exitCode }) => [{ labels: { script }, value: exitCode === exitCodes.success ? 1 : 0 }],
  },
  {
    name: "script_last_run_timestamp",
    help: "When the last run of the script ended, in seconds since 1970.",
    samples: ({ script, endedAt }) => [{ labels: { script }, value: Date.parse(endedAt) / 1_000 }],
  },
  {
    name: "script_exit_code",
    help: "The exit code of the last run of the script.",
    samples: ({ script, exitCode }) => [{ labels: { script }, value: exitCode }],
  },
  {
    name: "script_checks",
    help: "How many checks of the last run came to each verdict.",
    samples: ({ script, counts }) => Object.entries(counts).map(([verdict, value]) => ({ labels: { script, verdict }, value })),
  },
  {
    name: "script_check_status",
    help: "The verdict of a check: 1 pass or warn, 0 fail, -1 unknown; a skipped check has none.",
    samples: ({ script, checks }) => checks.flatMap(({ id: check, verdict }) => (verdict === "skipped" ? [] : [{ labels: { script, check }, value: statuses[verdict] }])),
  },
  {
    name: "script_check_value",
    help: "The figure that a check measured, in the unit of the label.",
    samples: ({ script, checks }) =>
      checks.flatMap(({ id: check, value, unit }) => (typeof value === "number" && Number.isFinite(value) ? [{ labels: { script, check, unit: unit ?? "" }, value }] : [])),
  },
];

const statuses: Readonly<Record<Exclude<Verdict, "skipped">, number>> = { pass: 1, warn: 1, fail: 0, unknown: -1 };
