import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { checkResult, pass, type Report, type Result } from "@org/script";
import { differences } from "./compare/baseline.ts";
import { median } from "./compare/statistics.ts";
import type { BenchmarkData, TrendPoint } from "./result.ts";

/** The newest kept result, with those before it as its trend. Throws ScriptError(dependency) where none is kept. */
export async function showHistory(stateDir: string): Promise<Result<BenchmarkData>> {
  const kept = await readKept(join(stateDir, "runs"));
  const latest = kept.at(-1);
  if (latest === undefined) throw new ScriptError("dependency", `no result of dragonfly-perf is kept in ${stateDir}`, { hint: "Run npx @org/dragonfly-perf first." });
  const trend = kept.flatMap((data) => pointsOf(data, latest));
  const comparable = kept.filter((data) => isComparable(data, latest)).length;
  const [results, rows] = [kept.length === 1 ? "1 result is" : `${kept.length} results are`, trend.length === 1 ? "1 row" : `${trend.length} rows`];
  const finding = pass(`${results} kept (${rows}, one for each suite of a result), ${comparable} with the settings and the environment of the newest, itself included`, { value: kept.length, unit: "count" });
  return { checks: [checkResult({ id: "perf.history", title: "Earlier results are kept" }, finding)], data: { ...latest, trend } };
}

/** Oldest first; showing the history is kept as a run too, and repeats a result. */
async function readKept(folder: string): Promise<BenchmarkData[]> {
  const files = (await filesIn(folder)).filter((file) => /^\d{8}T\d{6}Z-dragonfly-perf-/u.test(file)).toSorted();
  const reports = await Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as Report<BenchmarkData | null>));
  const results = reports.flatMap(({ data }) => (data === null || data.runs.length === 0 ? [] : [data]));
  return [...new Map(results.map((data) => [data.runs[0]!.startedAt, data])).values()].toSorted((a, b) => a.runs[0]!.startedAt.localeCompare(b.runs[0]!.startedAt));
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function isComparable(data: BenchmarkData, latest: BenchmarkData): boolean {
  return differences({ ...data.fingerprint, settings: data.settings }, { ...latest.fingerprint, settings: latest.settings }).length === 0;
}

/** One point for each suite: the middle of its repeated runs. */
function pointsOf(data: BenchmarkData, latest: BenchmarkData): TrendPoint[] {
  const own = data.runs.filter(({ side }) => side === "first");
  return [...new Set(own.map(({ suite }) => suite))].map((suite) => {
    const runs = own.filter((run) => run.suite === suite);
    const p99 = runs.map(({ total }) => (total.corrected ?? total.raw).p99).filter((value) => value !== null);
    return { startedAt: runs[0]!.startedAt, suite, opsPerSecond: median(runs.map((run) => run.opsPerSecond)), p99: p99.length === 0 ? null : median(p99), validity: data.validity, isComparable: isComparable(data, latest) };
  });
}
