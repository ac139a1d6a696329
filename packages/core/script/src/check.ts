import type { ExitCodeName } from "@org/exit-codes";
import type { Logger } from "@org/logging";

/** `unknown`: the check could not run, which is never a pass. `skipped`: it does not apply here; the evidence says why. */
export type Verdict = "pass" | "warn" | "fail" | "unknown" | "skipped";

/** One place at which a check found something; a check that looks at many things tells each of them. */
export interface Occurrence {
  /** What was broken, in kebab-case: a rule of a linter, a kind of difference. */
  readonly rule: string;
  readonly level: "error" | "warning" | "note";
  readonly message: string;
  /** The file, relative to the config's folder where it lies in it. Lines and columns count from 1. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The object, qualified, where there is no file. */
  readonly object?: string;
  readonly remedy?: string;
}

/** What a check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** What was seen, in one sentence that a reader can act on. */
  readonly evidence: string;
  /** The measured figure, with its unit ("ms", "bytes", "%", "days", "count"). */
  readonly value?: number | string;
  readonly unit?: string;
  /** What the value was held against, and where that limit came from ("default", "config", "flag"...). */
  readonly threshold?: { readonly value: number | string; readonly source: string };
  /** The next step, for everything that is not a pass. */
  readonly remedy?: string;
  /** Each place, for the formats that tell them one by one. */
  readonly occurrences?: readonly Occurrence[];
  /** Set when the cause has an exit code of its own, such as a refused connection. */
  readonly code?: ExitCodeName;
}

/** One question. Built-in checks and those of `platform.config.*` are of this one type. */
export interface Check<Context = unknown> {
  /** Stable and unique within its script, in kebab-case; dots group ("postgres.tls"). */
  readonly id: string;
  readonly title: string;
  /** Answers the question; throwing means that it could not be answered, which makes it `unknown`. */
  readonly run: (context: Context, run: CheckRun) => Finding | Promise<Finding>;
}

/** What every check is handed beside the context of its script. */
export interface CheckRun {
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** A check of `platform.config.*`: it names the script that runs it and gets that script's context. */
export interface CustomCheck extends Check<never> {
  readonly script: string;
}

/** A question with its answer, as reports hold it. */
export interface CheckResult extends Finding {
  readonly id: string;
  readonly title: string;
  readonly durationMs: number;
}
