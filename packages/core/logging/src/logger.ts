export const logLevels = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "text" | "json";

/** Where a run tells its story. Fields appear in JSON lines only; the message must be complete without them. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warning(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const silent = (): void => {};

/** For callers that want the result and not the story. */
export const silentLogger: Logger = { debug: silent, info: silent, warning: silent, error: silent };
