import { createRedactor, type Redact } from "@org/env";
import { isScriptError } from "@org/exit-codes";
import { createLogger, type LogFormat, type Logger, type LogLevel } from "@org/logging";
import { scriptName } from "./define-script.ts";
import type { Host } from "./host.ts";
import type { StatusLine } from "./progress.ts";

/** The process around a run, with the status line at the foot of its standard error. */
export interface Surroundings {
  readonly host: Host;
  readonly status: StatusLine;
}

interface Named {
  readonly package: { readonly name: string };
}

interface StorySettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly redact: Redact;
}

/** The logger of a run, on standard error. */
export function makeLogger(definition: Named, { host, status }: Surroundings, settings: StorySettings): Logger {
  return createLogger({ script: logName(definition), color: useColor(host, host.stderr), write: (line) => status.write(line), ...settings });
}

/** For what goes wrong before the settings are known. */
export function earlyLogger(definition: Named, around: Surroundings): Logger {
  const format = around.host.env["LOG_FORMAT"] === "json" ? "json" : "text";
  return makeLogger(definition, around, { level: "error", format, redact: createRedactor([]) });
}

/** Colour belongs on a terminal; NO_COLOR and FORCE_COLOR decide otherwise (no-color.org). */
export function useColor({ env }: Host, { isTTY }: { readonly isTTY: boolean }): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  return isTTY || ![undefined, "", "0"].includes(env["FORCE_COLOR"]);
}

/** The error in the log: message, next step and, for a bug, its stack. */
export function tellError(error: unknown, logger: Logger): void {
  if (!isScriptError(error)) {
    logger.error(`This is a bug, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return;
  }
  logger.error(error.message);
  if (error.hint !== undefined) logger.error(`Next step: ${error.hint}`);
}

/** `verify-connection` is `verify_connection` in the log. */
function logName(definition: Named): string {
  return scriptName(definition).replaceAll("-", "_");
}
