import { formatDuration } from "@org/env";
import { ScriptError } from "@org/exit-codes";

export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the clock and forgets the outer signals. */
  release(): void;
}

/** One signal for everything that ends a run early: the timeout and whatever `outer` brings. The reason is a ScriptError. */
export function startDeadline(script: string, timeoutMs: number, outer: readonly AbortSignal[]): Deadline {
  const timer = new AbortController();
  const clock = setTimeout(() => timer.abort(timedOut(script, timeoutMs)), Math.min(timeoutMs, 2 ** 31 - 1));
  return { signal: AbortSignal.any([timer.signal, ...outer]), release: () => clearTimeout(clock) };
}

/** The reason of an abort by the user or the supervisor. */
export function interruption(signal: "SIGINT" | "SIGTERM"): ScriptError {
  return signal === "SIGINT"
    ? new ScriptError("interrupted", "interrupted by SIGINT", { hint: "Run it again; what had not begun was not done." })
    : new ScriptError("terminated", "terminated by SIGTERM", { hint: "Run it again; what had not begun was not done." });
}

/**
 * The outcome of `work`, or the abort's reason when work does not end within `graceMs` after the abort,
 * so that something that ignores the signal cannot hold the run.
 */
export async function settleWithin<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  const abandoned = new AbortController();
  try {
    return await Promise.race([work, rejectAfterAbort(signal, graceMs, abandoned.signal)]);
  } finally {
    abandoned.abort();
  }
}

function rejectAfterAbort(signal: AbortSignal, graceMs: number, done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = (): void => {
      const clock = setTimeout(() => reject(signal.reason as Error), graceMs);
      done.addEventListener("abort", () => clearTimeout(clock));
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true, signal: done });
  });
}

function timedOut(script: string, timeoutMs: number): ScriptError {
  return new ScriptError("timedOut", `${script} did not end within ${formatDuration(timeoutMs)}`, {
    hint: "Raise --timeout, or look at what it was waiting for with --log-level debug.",
  });
}
