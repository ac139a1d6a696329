import { formatDuration, type Report } from "@org/script";
import type { LastRun } from "./last-runs.ts";
import type { PlatformData, ScriptRun } from "./platform.ts";

/** The summary: script, verdict, checks that ran of all, time; for `status` also the last run of every script. */
export function renderSummary({ data }: Report<PlatformData>): string {
  if (data === null) return "";
  const summary = table(["script", "verdict", "checks", "time"], data.runs.map(row));
  if (data.lastRuns.length === 0) return summary;
  return `${summary}\n\n${table(["last run of", "verdict", "exit", "ended"], data.lastRuns.map(lastRow))}`;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const rows = [head, ...body];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
  return [lines[0], widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1)].join("\n");
}

function row({ script, verdict, checksRan, checksTotal, durationMs, outcome }: ScriptRun): string[] {
  if (outcome !== "ran") return [script, outcome === "planned" ? "planned" : "not run", "-", "-"];
  return [script, verdict, `${checksRan} of ${checksTotal}`, formatDuration(durationMs)];
}

function lastRow({ script, verdict, exitCode, endedAt }: LastRun): string[] {
  return [script, verdict, String(exitCode), endedAt];
}
