import { isScriptError, type ScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import type { Check, CheckResult, CheckRun, Finding } from "./check.ts";
import { checkResult, skipped, unknown } from "./findings.ts";

export interface ChecksToRun<Context> {
  readonly checks: readonly Check<Context>[];
  /** Opens what the checks need, hands it to `use` and closes it; when it fails, every check is unknown. */
  readonly open: (use: (context: Context) => Promise<void>) => Promise<void>;
  readonly context: CheckRun & { readonly dryRun: boolean };
}

/**
 * Runs checks one after the other. A check that throws is `unknown`, with the error as evidence and its exit code;
 * after a lost connection the rest is `unknown` too. In a dry run nothing is opened and all are `skipped`.
 * Throws only when the run was aborted.
 */
export async function runChecks<Context>({ checks, open, context }: ChecksToRun<Context>): Promise<CheckResult[]> {
  if (context.dryRun) return checks.map((check) => checkResult(check, skipped("dry run: this check would run")));
  const results: CheckResult[] = [];
  try {
    await open((opened) => runAll(checks, opened, { ...context, results }));
  } catch (error) {
    context.signal.throwIfAborted();
    for (const check of checks.slice(results.length)) record(checkResult(check, couldNotRun(error)), { ...context, results });
  }
  return results;
}

interface Running extends CheckRun {
  readonly results: CheckResult[];
}

async function runAll<Context>(checks: readonly Check<Context>[], opened: Context, running: Running): Promise<void> {
  for (const check of checks) {
    running.signal.throwIfAborted();
    const started = performance.now();
    try {
      const finding = await check.run(opened, running);
      record(checkResult(check, finding, performance.now() - started), running);
    } catch (error) {
      running.signal.throwIfAborted();
      record(checkResult(check, couldNotRun(error), performance.now() - started), running);
      if (isConnectionLoss(error)) throw error;
    }
  }
}

function record(result: CheckResult, { results, logger }: Running): void {
  const rounded = { ...result, durationMs: Math.round(result.durationMs * 10) / 10 };
  results.push(rounded);
  logCheck(rounded, logger);
}

/** A pass is a detail, everything else is told at its own level. */
function logCheck({ verdict, id, evidence, remedy }: CheckResult, logger: Logger): void {
  const level = { pass: "debug", skipped: "debug", warn: "warning", fail: "error", unknown: "error" } as const;
  logger[level[verdict]](`${verdict} ${id}: ${evidence}${remedy === undefined ? "" : ` -> ${remedy}`}`, { check: id, verdict });
}

function couldNotRun(error: unknown): Finding {
  if (!isScriptError(error)) {
    return unknown(`it could not run: ${error instanceof Error ? error.message : String(error)}`, "Look at the cause and run it again.");
  }
  const { message, hint, code } = error;
  return unknown(`it could not run: ${message}`, hint ?? "Mend the cause and run it again.", { code });
}

function isConnectionLoss(error: unknown): error is ScriptError {
  return isScriptError(error) && error.code === "connection";
}
