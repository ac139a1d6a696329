import { readFile } from "node:fs/promises";
import { ScriptError } from "@org/exit-codes";
import type { BenchmarkData, Fingerprint, LoadSettings } from "../result.ts";

/** Reads an earlier report. Throws ScriptError(configuration) for a file that is none, or whose result is invalid. */
export async function readBaseline(file: string): Promise<BenchmarkData> {
  const refuse = (reason: string, cause?: unknown): ScriptError => new ScriptError("configuration", `--compare ${file}: ${reason}`, { hint: "Name a benchmark_results.json of a valid run.", ...(cause === undefined ? {} : { cause }) });
  let report: unknown;
  try {
    report = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw refuse((error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "it cannot be read", error);
  }
  const { script, data } = report as { readonly script?: unknown; readonly data?: BenchmarkData | null };
  if (script !== "dragonfly-perf" || data === null || data === undefined || !Array.isArray(data.runs)) throw refuse("it is no report of dragonfly-perf");
  if (data.validity !== "VALID") throw refuse(`its result is invalid (${data.reasons.join("; ")})`);
  return data;
}

/** What differs between two environments, by name. */
export function differences(own: Environment, other: Environment): string[] {
  const [mine, theirs] = [flatten(own), flatten(other)];
  return [...new Set([...mine.keys(), ...theirs.keys()])].filter((name) => mine.get(name) !== theirs.get(name)).map((name) => `${name} (${theirs.get(name) ?? "none"} there, ${mine.get(name) ?? "none"} here)`);
}

export interface Environment {
  readonly server: Fingerprint["server"];
  readonly client?: Fingerprint["client"];
  readonly settings?: LoadSettings;
}

function flatten({ server, client, settings }: Environment): Map<string, string> {
  const parts = Object.entries({ server, client, settings }).flatMap(([part, fields]) => Object.entries(fields ?? {}).map(([name, value]) => [`${part} ${name}`, String(value)] as const));
  return new Map(parts);
}

/** Throws ScriptError(configuration) where a comparison would say more of the environment than of the server. */
export function refuseDifferent(own: Environment, other: Environment, acrossEnvironments: boolean): void {
  const found = differences(own, other);
  if (found.length === 0 || acrossEnvironments) return;
  throw new ScriptError("configuration", `--compare: the environments differ in ${found.join(", ")}`, { hint: "Make them equal, or pass --across-environments when the difference is what you want to measure." });
}
