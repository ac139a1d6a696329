/** What a finished process tells its caller. The numbers are the public contract of every script. */
export const exitCodes = {
  success: 0,
  general: 1,
  dependency: 2,
  configuration: 3,
  connection: 4,
  permission: 5,
  checkFailed: 6,
  timedOut: 7,
  dryRun: 10,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCodeName = keyof typeof exitCodes;
export type ExitCode = (typeof exitCodes)[ExitCodeName];

/** One sentence for each code, as help texts and READMEs print it. */
export const exitCodeMeanings: Readonly<Record<ExitCodeName, string>> = {
  success: "success",
  general: "general error: a bug, or anything not listed below",
  dependency: "dependency error: a prerequisite script or tool is missing",
  configuration: "configuration error: a flag, an environment variable or the config file",
  connection: "connection error: a service did not answer or refused the login",
  permission: "permission error: a right is missing",
  checkFailed: "the check ran and the answer is no, or a check is unknown",
  timedOut: "timed out",
  dryRun: "dry run completed, nothing changed",
  interrupted: "interrupted (SIGINT)",
  terminated: "terminated (SIGTERM)",
};

/**
 * From harmless to worst. What ends a run early outranks a finding, because a finding is
 * only as good as the run behind it; a bug outranks everything that a user can mend.
 */
const bySeverity: readonly ExitCode[] = [0, 10, 6, 7, 4, 5, 2, 3, 143, 130, 1];

/** The code that a caller of several scripts ends with; 0 for none. Unknown codes (a crash of the runtime) count as 1's equals. */
export function worstExitCode(codes: readonly number[]): number {
  return codes.reduce((worst, code) => (severity(code) > severity(worst) ? code : worst), exitCodes.success);
}

function severity(code: number): number {
  const rank = (bySeverity as readonly number[]).indexOf(code);
  return rank === -1 ? bySeverity.length : rank;
}
