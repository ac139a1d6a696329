import type { Logger } from "@org/logging";

/** A logger that keeps the warnings, for tests. */
export function recordingLogger(): Logger & { readonly warnings: string[] } {
  const warnings: string[] = [];
  const ignore = (): void => {};
  return { debug: ignore, info: ignore, warning: (message) => void warnings.push(message), error: ignore, warnings };
}
