import { redactDeep, type Redact } from "@org/env";
import { logLevels, type LogFormat, type Logger, type LogLevel } from "./logger.ts";

export interface LoggerOptions {
  /** The script's name in snake_case, such as `verify_connection`. */
  readonly script: string;
  /** The lowest level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly color: boolean;
  /** Takes one finished line, with its newline. */
  readonly write: (line: string) => void;
  /** Applied to everything that is written. */
  readonly redact: Redact;
  readonly now?: () => Date;
}

/**
 * A logger that writes `[2025-06-17 10:30:00] [INFO] [script_name] Message` (local time), or one JSON object a line with
 * `time` in UTC. A message of several lines becomes several log lines, so that no text can pass for an entry of its own.
 */
export function createLogger(options: LoggerOptions): Logger {
  const lowest = logLevels.indexOf(options.level);
  const log =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (logLevels.indexOf(level) < lowest) return;
      const entry = { level, message, fields, time: (options.now ?? defaultNow)() };
      for (const line of options.format === "json" ? [jsonLine(entry, options)] : textLines(entry, options)) {
        options.write(`${line}\n`);
      }
    };
  return { debug: log("debug"), info: log("info"), warning: log("warning"), error: log("error") };
}

interface Entry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly time: Date;
}

const defaultNow = (): Date => new Date();

/** SGR codes: grey, cyan, yellow, red. */
const colors = { debug: 90, info: 36, warning: 33, error: 31 } as const;

function textLines({ level, message, time }: Entry, { script, color, redact }: LoggerOptions): string[] {
  const word = level.toUpperCase();
  const shown = color ? `\u001b[${colors[level]}m${word}\u001b[39m` : word;
  const lines = redact(message).split(/\r\n|\r|\n/u);
  return lines.map((line) => `[${localTime(time)}] [${shown}] [${script}] ${printable(line)}`);
}

function jsonLine({ level, message, fields, time }: Entry, { script, redact }: LoggerOptions): string {
  const entry = { time: time.toISOString(), level: level.toUpperCase(), script, message, ...fields };
  return JSON.stringify(redactDeep(entry, redact));
}

/** "2025-06-17 10:30:00" in local time. */
function localTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(two).join("-");
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

/** Control characters, such as a terminal's escape sequences in the name of a table, as visible escapes. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
