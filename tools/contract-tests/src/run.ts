import { binFile, compileCache, startProcess, type ProcessResult, type StartedProcess } from "@org/testkit";
import type { Report } from "@org/script";
import type { Place } from "./place.ts";
import { problemsOfLog, problemsOfReport } from "./contract.ts";
import type { ScriptUnderTest } from "./scripts.ts";

export interface RunOptions {
  readonly place: Place;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface ScriptResult extends ProcessResult {
  /** What it printed with --json; undefined when it printed nothing. */
  readonly report: Report | undefined;
}

/** Runs the built command with --json, and holds what it prints against the contract. */
export async function runScript(script: ScriptUnderTest, args: readonly string[], options: RunOptions): Promise<ScriptResult> {
  return keepContract(script, await startScript(script, [...args, "--json"], options).done, options);
}

/** Starts the built command as it is told. */
export function startScript({ name }: ScriptUnderTest, args: readonly string[], { place, env }: RunOptions): StartedProcess {
  return startProcess(process.execPath, ["--", binFile(name), ...args], { cwd: place.project, env: { NODE_COMPILE_CACHE: compileCache, ...place.env, ...env } });
}

/** The result of a run with --json; throws what its output has against the contract. */
export function keepContract(script: ScriptUnderTest, result: ProcessResult, { env = {} }: Pick<RunOptions, "env"> = {}): ScriptResult {
  const isJson = env["LOG_FORMAT"] === "json";
  const problems = [...problemsOfLog(result.stderr, script.logName, isJson), ...problemsOfReport(result.stdout, result.exitCode)];
  if (problems.length > 0) throw new Error(`${script.name} broke the contract:\n${problems.join("\n")}\n--- exit code ${result.exitCode}\n${result.stdout}\n---\n${result.stderr}`);
  return { ...result, report: result.stdout === "" ? undefined : (JSON.parse(result.stdout) as Report) };
}
