import type { BenchmarkData, CommandResult, RunResult } from "../result.ts";

/**
 * The result in the shape of memtier_benchmark's --json-out-file, for dashboards that read it. Several runs are
 * "RUN #1 RESULTS" and so on, a single one "ALL STATS"; latencies are the corrected ones where there is a rate.
 */
export function toMemtierJson({ settings, runs, target }: BenchmarkData): object {
  const [host = "", port = ""] = target.replace(/^.*@/u, "").replace(/\/\d+$/u, "").split(/:(?=\d+$)/u);
  return {
    configuration: {
      server: host,
      port: Number(port),
      clients: settings.connections / settings.threads,
      threads: settings.threads,
      pipeline: settings.pipeline,
      ratio: settings.ratio,
      data_size: settings.size,
      test_time: settings.durationMs / 1000,
      key_pattern: settings.distribution,
      key_maximum: settings.keys,
      rate_limit: settings.rate ?? 0,
    },
    "run information": { "Threads count": settings.threads, "Connections per thread": settings.connections / settings.threads, "Seconds per run": settings.durationMs / 1000 },
    ...Object.fromEntries(runs.map((run, index) => [runs.length === 1 ? "ALL STATS" : `RUN #${index + 1} RESULTS`, stats(run)])),
  };
}

function stats(run: RunResult): object {
  const started = Date.parse(run.startedAt);
  return {
    Runtime: { "Start time": started, "Finish time": started + run.durationMs, "Total duration": run.durationMs, Interrupted: "false" },
    ...Object.fromEntries(run.commands.map((command) => [heading(command.name), commandStats(command, run)])),
    Totals: { ...commandStats(run.total, run), "Time-Serie": series(run) },
  };
}

/** memtier names its own two in the plural, and any other command by itself. */
function heading(name: string): string {
  return name === "SET" || name === "GET" ? `${name[0]}${name.slice(1).toLowerCase()}s` : name;
}

function commandStats({ count, opsPerSecond, hitRate, misses, errors, raw, corrected }: CommandResult, run: RunResult): object {
  const latency = corrected ?? raw;
  const seconds = run.durationMs / 1000;
  const share = run.total.count === 0 ? 0 : count / run.total.count;
  return {
    Count: count,
    "Ops/sec": opsPerSecond,
    "Hits/sec": hitRate === null ? 0 : (count - misses) / seconds,
    "Misses/sec": misses / seconds,
    "MOVED/sec": (errors["MOVED"] ?? 0) / seconds,
    "ASK/sec": (errors["ASK"] ?? 0) / seconds,
    "Connection Errors": errors["connection lost"] ?? 0,
    Latency: latency.average,
    "Average Latency": latency.average,
    "Min Latency": latency.min,
    "Max Latency": latency.max,
    "Accumulated Latency": (latency.average ?? 0) * count,
    "KB/sec": (share * (run.bytesSent + run.bytesReceived)) / 1024 / seconds,
    "KB/sec RX": (share * run.bytesReceived) / 1024 / seconds,
    "KB/sec TX": (share * run.bytesSent) / 1024 / seconds,
    "Percentile Latencies": { "p50.00": latency.p50, "p90.00": latency.p90, "p95.00": latency.p95, "p99.00": latency.p99, "p99.90": latency.p999, "p99.99": latency.p9999 },
  };
}

function series({ series }: RunResult): object {
  return Object.fromEntries(series.map(({ at, opsPerSecond, p50, p99, max }) => [String(Math.round(at) - 1), { Count: Math.round(opsPerSecond), "Max Latency": max, "p50.00": p50, "p99.00": p99 }]));
}
