import type { ExitCode } from "@org/exit-codes";
import type { CheckResult, Verdict } from "./check.ts";

/** How many checks there are, and how many of them could run: `unknown` and `skipped` ones did not. */
export interface Counts extends Readonly<Record<Verdict, number>> {
  readonly total: number;
  readonly ran: number;
}

/** One execution of a script. Times are ISO 8601 in UTC. */
export interface RunInfo {
  /** A UUID of version 7, so that ids sort by time. */
  readonly id: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly durationMs: number;
  /** The user and the host that ran it. */
  readonly actor: string;
  readonly host: string;
  /** The commit of the working tree, when there is one. */
  readonly gitSha: string | null;
  /** ENVIRONMENT of the run. */
  readonly environment: string;
  /** The arguments, secrets redacted. */
  readonly arguments: readonly string[];
  readonly dryRun: boolean;
}

/** Why a run ended early. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** A result written down: what `--json` prints, what the importable function returns, what the files and tables hold. */
export interface Report<Data = unknown> {
  readonly reportVersion: 1;
  /** The unscoped name of the script, such as `verify-connection`. */
  readonly script: string;
  readonly scriptVersion: string;
  readonly run: RunInfo;
  readonly verdict: Verdict;
  readonly exitCode: ExitCode;
  readonly counts: Counts;
  readonly checks: readonly CheckResult[];
  /** What the script itself has to tell; null when the run ended before it could. */
  readonly data: Data | null;
  readonly error: ReportedError | null;
}
