import type { BenchmarkData } from "../result.ts";

const latencies = ["average", "deviation", "min", "p50", "p90", "p95", "p99", "p999", "p9999", "max"] as const;

/** One line for each run and command, with a heading; milliseconds. Unknown figures are empty. */
export function toCsv({ runs, validity }: BenchmarkData): string {
  const heading = ["validity", "suite", "command", "round", "side", "connections", "rate", "started_at", "count", "ops_per_second", "hit_rate", "misses", "wrong_replies", "errors", ...latencies.map((name) => `raw_${name}_ms`), ...latencies.map((name) => `corrected_${name}_ms`)];
  const rows = runs.flatMap((run) =>
    [...run.commands, ...(run.commands.length > 1 ? [run.total] : [])].map((command) => [
      validity,
      run.suite,
      command.name,
      run.round,
      run.side,
      run.connections,
      run.rate,
      run.startedAt,
      command.count,
      command.opsPerSecond,
      command.hitRate,
      command.misses,
      command.wrongReplies,
      Object.entries(command.errors).map(([kind, count]) => `${kind}:${count}`).join(" "),
      ...latencies.map((name) => command.raw[name]),
      ...latencies.map((name) => command.corrected?.[name] ?? null),
    ]),
  );
  return [heading, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
