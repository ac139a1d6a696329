import type { Report } from "@org/script";
import { noiseOf } from "./compare/statistics.ts";
import type { BenchmarkData, CommandResult, Latency, RunResult, SweepResult, TrendPoint } from "./result.ts";

/** The figures as a table; those of an invalid result come with the reasons. */
export function renderBenchmark({ data }: Report<BenchmarkData | null>): string {
  if (data === null) return "";
  if (data.trend.length > 0) return renderTrend(data.trend);
  const { validity, reasons, runs, floor } = data;
  const sections = [
    headLine(data),
    validity === "VALID" ? "" : ["INVALID: do not use these figures.", ...reasons.map((reason) => `  - ${reason}`)].join("\n"),
    align(renderTable(runs), [0, 2]),
    ...data.sweeps.map(sweepLine),
    serverLines(runs).join("\n"),
    `PING on an idle connection: p50 ${ms(floor.p50)}, p99 ${ms(floor.p99)} ms`,
    noiseLines(runs).join("\n"),
    ...histograms(runs),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** Changes against the result before, where settings and environment are the same. */
function renderTrend(trend: readonly TrendPoint[]): string {
  const rows = trend.map((point, index) => {
    const before = trend.slice(0, index).findLast((each) => each.suite === point.suite && each.isComparable);
    const change = before === undefined || !point.isComparable ? "-" : `${(100 * (point.opsPerSecond / before.opsPerSecond - 1)).toFixed(1)} %`;
    return [point.startedAt, point.suite, Math.round(point.opsPerSecond).toLocaleString("en"), change, ms(point.p99), point.validity, point.isComparable ? "" : "other settings or environment"];
  });
  return align([["measured at", "suite", "ops/s", "change", "p99 ms", "validity", ""], ...rows], [0, 1, 5, 6]);
}

function headLine({ target, fingerprint: { server, client }, settings }: BenchmarkData): string {
  const load = settings.model === "open loop" ? `open loop${settings.rate === null ? "" : ` at ${settings.rate}/s`}` : "closed loop";
  const shape = `${settings.connections} connections, pipeline ${settings.pipeline}, ${settings.threads} threads, ${settings.keys} keys (${settings.distribution}), values of ${settings.size} bytes`;
  return `${target}, ${server.flavour} ${server.version ?? ""}, from ${client.cores} cores\n${load}, ${shape}`;
}

const columns = ["run", "ops/s", "latency", "avg", "stdev", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "hits", "errors"];

/** In an open loop both latencies side by side: the raw one hides what waited before it was sent. */
export function renderTable(runs: readonly RunResult[]): string[][] {
  const many = runs.some(({ round }) => round > 1);
  const rows = runs.flatMap((run) => {
    const name = [run.suite, ...(many ? [`#${run.round}`] : []), ...(run.side === "second" ? ["(second)"] : []), ...(new Set(runs.map(({ connections }) => connections)).size > 1 ? [`c=${run.connections}`] : [])].join(" ");
    return [...(run.commands.length > 1 ? run.commands.map((command) => ({ name: `${name} ${command.name}`, command })) : []), { name: run.commands.length > 1 ? `${name} total` : name, command: run.total }].flatMap(({ name: label, command }) => commandRows(label, command));
  });
  return [[...columns], ...rows];
}

function commandRows(name: string, { opsPerSecond, raw, corrected, hitRate, errors, wrongReplies }: CommandResult): string[][] {
  const failed = wrongReplies + Object.values(errors).reduce((sum, count) => sum + count, 0);
  const first = [name, Math.round(opsPerSecond).toLocaleString("en")];
  const last = [hitRate === null ? "-" : `${hitRate} %`, String(failed)];
  if (corrected === null) return [[...first, "raw", ...figures(raw), ...last]];
  return [
    [...first, "corrected", ...figures(corrected), ...last],
    ["", "", "raw", ...figures(raw), "", ""],
  ];
}

function figures({ average, deviation, p50, p90, p95, p99, p999, p9999, max }: Latency): string[] {
  return [average, deviation, p50, p90, p95, p99, p999, p9999, max].map(ms);
}

function ms(value: number | null): string {
  return value === null ? "-" : value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1);
}

function sweepLine({ suite, limitMs, knee, steps, closedLoop }: SweepResult): string {
  const tried = steps.toSorted((a, b) => a.rate - b.rate).map(({ rate, p99, holds }) => `  ${holds ? "holds" : "fails"}  ${rate.toLocaleString("en").padStart(9)}/s  p99 ${ms(p99)} ms`);
  const found = knee === null ? `no rate keeps p99 below ${limitMs} ms` : `${knee.toLocaleString("en")} ops/s with p99 below ${limitMs} ms`;
  return [`${suite}: ${found} (closed loop: ${Math.round(closedLoop).toLocaleString("en")} ops/s)`, ...tried].join("\n");
}

function serverLines(runs: readonly RunResult[]): string[] {
  const [last] = runs.slice(-1);
  if (last === undefined) return [];
  const { server, client, bytesSent, bytesReceived, durationMs } = last;
  const megabytes = (bytes: number): string => (bytes / 1024 ** 2 / (durationMs / 1000)).toFixed(1);
  const facts = [
    `${megabytes(bytesSent)} MB/s sent, ${megabytes(bytesReceived)} MB/s received`,
    server.cpu === null ? undefined : `server ${server.cpu} cores`,
    `this program ${client.cpu} cores`,
    server.bytesPerKey === null ? undefined : `${server.bytesPerKey} bytes per key`,
    server.fragmentation === null ? undefined : `fragmentation ${server.fragmentation}`,
  ].filter((fact) => fact !== undefined);
  return [`Last run: ${facts.join(", ")}`];
}

/** What equal runs differ by: a difference below it says nothing. */
function noiseLines(runs: readonly RunResult[]): string[] {
  const own = runs.filter(({ side }) => side === "first");
  const names = [...new Set(own.map(({ suite, connections }) => `${suite} with ${connections} connections`))];
  return names.flatMap((name) => {
    const noise = noiseOf(own.filter(({ suite, connections }) => `${suite} with ${connections} connections` === name).map(({ opsPerSecond }) => opsPerSecond));
    return noise === undefined ? [] : [`${name}: means of as many equal runs differ by up to ${(noise * 100).toFixed(1)} % (95 %)`];
  });
}

const mostHistograms = 3;

/** One for the last run of each suite, where that does not bury the table. */
function histograms(runs: readonly RunResult[]): string[] {
  const last = [...new Map(runs.filter(({ side }) => side === "first").map((run) => [run.suite, run])).values()];
  return last.length > mostHistograms ? [] : last.map(histogram);
}

/** A line for each half of what is left, with the latency in milliseconds. */
function histogram({ suite, total: { percentiles, corrected } }: RunResult): string {
  const halves = percentiles.filter(([percent]) => percent === 0 || percent === 100 || Number.isInteger(Math.log2(100 / (100 - percent))));
  const longest = Math.max(...halves.map(([, latency]) => Math.log10(Math.max(latency, 0.001)) + 3));
  const lines = halves.map(([percent, latency]) => `${`${percent}`.padStart(10)} %  ${ms(latency).padStart(9)}  ${"=".repeat(Math.max(1, Math.round(((Math.log10(Math.max(latency, 0.001)) + 3) / Math.max(longest, 0.1)) * 40)))}`);
  return [`${suite}: latency by percentile (${corrected === null ? "raw" : "corrected"}, ms)`, ...lines].join("\n");
}

/** Columns of text begin at the left, figures end at the right. */
function align(rows: readonly (readonly string[])[], texts: readonly number[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (texts.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ").trimEnd()).join("\n");
}
