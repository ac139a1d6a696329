import { exitCodes, isScriptError, worstExitCode, type ExitCode } from "@org/exit-codes";
import type { Options } from "@org/env";
import type { CheckResult } from "./check.ts";
import { scriptName, type Result, type RunContext, type ScriptDefinition } from "./define-script.ts";
import { checkResult, overallVerdict, unknown } from "./findings.ts";
import type { Counts, Report, RunInfo } from "./report.ts";

/** How a run ended, before it is a report. */
export interface Ending<Data> {
  readonly run: RunInfo;
  readonly result: Result<Data> | undefined;
  readonly error: unknown;
  readonly dryRunExitZero: boolean;
  /** The checks of the config for this script. */
  readonly configured: RunContext<unknown>["checks"];
}

/** The report of a run that ended, with verdict, counts and exit code. */
export function makeReport<O extends Options, Data>(definition: ScriptDefinition<O, Data>, ending: Ending<Data>): Report<Data> {
  const { run, result, error } = ending;
  const checks = result === undefined ? [checkThatNeverRan(definition, error)] : [...result.checks, ...checksLeftOut(result, ending.configured)];
  const verdict = run.dryRun && checks.length > 0 && checks.every((check) => check.verdict === "skipped") ? "skipped" : overallVerdict(checks.map((check) => check.verdict));
  return {
    reportVersion: 1,
    script: scriptName(definition),
    scriptVersion: definition.package.version,
    run,
    verdict,
    exitCode: error === undefined ? exitCodeOfRun(checks, ending) : exitCodeOfError(error),
    counts: count(checks),
    checks,
    data: result?.data ?? null,
    error: error === undefined ? null : describeError(error),
  };
}

/** A run that ended early leaves its question open; the report says so instead of counting nothing. */
function checkThatNeverRan<O extends Options, Data>(definition: ScriptDefinition<O, Data>, error: unknown): CheckResult {
  const { message, hint } = describeError(error);
  const check = { id: `${scriptName(definition)}.run`, title: definition.manifest.summary };
  return checkResult(check, unknown(message, hint ?? "Look at the log and run it again."));
}

/** A check of the config that the script took no notice of is an open question, never a pass. */
function checksLeftOut({ checks }: Result<unknown>, configured: Ending<unknown>["configured"]): CheckResult[] {
  const leftOut = configured.filter(({ id }) => !checks.some((check) => check.id === id));
  return leftOut.map((check) => checkResult(check, unknown("this script did not run it", 'Name a script that runs such checks in its "script".')));
}

function exitCodeOfRun(checks: readonly CheckResult[], { run, dryRunExitZero }: Ending<unknown>): ExitCode {
  const found = exitCodeOfChecks(checks, run.dryRun);
  if (found !== exitCodes.success || !run.dryRun) return found;
  return dryRunExitZero ? exitCodes.success : exitCodes.dryRun;
}

/** 0 when something ran and nothing is failed or unknown; else the worst code of those that are. */
export function exitCodeOfChecks(checks: readonly CheckResult[], dryRun = false): ExitCode {
  const bad = checks.filter(({ verdict }) => verdict === "fail" || verdict === "unknown");
  const ran = checks.some(({ verdict }) => verdict === "pass" || verdict === "warn");
  if (bad.length === 0) return ran || (dryRun && checks.length > 0) ? exitCodes.success : exitCodes.checkFailed;
  return worstExitCode(bad.map(({ code }) => exitCodes[code ?? "checkFailed"])) as ExitCode;
}

function exitCodeOfError(error: unknown): ExitCode {
  return isScriptError(error) ? error.exitCode : exitCodes.general;
}

function describeError(error: unknown): { readonly code: string; readonly message: string; readonly hint: string | null } {
  if (isScriptError(error)) return { code: error.code, message: error.message, hint: error.hint ?? null };
  return { code: "general", message: error instanceof Error ? error.message : String(error), hint: null };
}

function count(checks: readonly CheckResult[]): Counts {
  const of = (verdict: string): number => checks.filter((check) => check.verdict === verdict).length;
  const counts = { pass: of("pass"), warn: of("warn"), fail: of("fail"), unknown: of("unknown"), skipped: of("skipped") };
  return { total: checks.length, ran: counts.pass + counts.warn + counts.fail, ...counts };
}

