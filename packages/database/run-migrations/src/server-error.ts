/** A refusal as node-postgres throws it. */
export interface ServerError extends Error {
  /** SQLSTATE. */
  readonly code: string;
  /** In characters of what was sent, from 1. */
  position?: string;
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";
}
