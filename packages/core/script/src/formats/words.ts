import { formatDuration } from "@org/env";
import type { CheckResult, Occurrence, Verdict } from "../check.ts";
import type { Report } from "../report.ts";

/** One sign for each verdict; always printed beside the word, for readers and fonts that do not show it. */
export const verdictSymbols: Readonly<Record<Verdict, string>> = { pass: "✓", warn: "!", fail: "✗", unknown: "?", skipped: "-" };

/** "11 of 12 checks ran", which is never said without the number of all. */
export function coverage({ counts }: Report): string {
  if (counts.total === 0) return "no check ran";
  return `${counts.ran} of ${counts.total} ${counts.total === 1 ? "check" : "checks"} ran`;
}

/** The checks without the one that only repeats why the run ended early. */
export function checksBesideError({ checks, error }: Report): readonly CheckResult[] {
  return checks.filter(({ verdict, evidence }) => !(verdict === "unknown" && evidence === error?.message));
}

/** "240 ms, limit 100 ms from config" for a check that was held against a limit. */
export function measured({ value, unit, threshold }: CheckResult): string | undefined {
  if (threshold === undefined) return undefined;
  const limit = `limit ${quantity(threshold.value, unit)} from ${threshold.source}`;
  return value === undefined ? limit : `${quantity(value, unit)}, ${limit}`;
}

/** "error migrations/2_b.sql:3:1 ban-drop-table: what it says" */
export function occurrenceLine({ level, rule, message, file, line, column, object }: Occurrence): string {
  const place = file === undefined ? object : [file, line, column].filter((part) => part !== undefined).join(":");
  return [level, place, `${rule}:`, message].filter((part) => part !== undefined).join(" ");
}

function quantity(value: number | string, unit: string | undefined): string {
  if (typeof value === "number" && unit === "bytes") return bytes(value);
  if (typeof value === "number" && unit === "ms" && value >= 1_000) return formatDuration(value);
  const figure = typeof value === "number" ? String(Number(value.toFixed(2))) : value;
  return unit === undefined || unit === "count" ? figure : `${figure} ${unit}`;
}

function bytes(value: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10));
  return `${Number((value / 1024 ** power).toFixed(1))} ${units[power]}`;
}
