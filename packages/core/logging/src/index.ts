export { createLogger, type LoggerOptions } from "./create-logger.ts";
export { logLevels, silentLogger, type LogFormat, type Logger, type LogLevel } from "./logger.ts";
export { printable } from "./printable.ts";
