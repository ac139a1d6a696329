import { databaseUrl, option, stateSchema, type Option, type Secret } from "@org/env";
import { logLevels, type LogFormat, type LogLevel } from "@org/logging";
import type { Manifest } from "./manifest.ts";

export const reportFormats = ["human", "json", "junit", "markdown", "sarif"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** The log level that a script starts with, by its target; what is not named here tells its important steps. */
const defaultLevels: Readonly<Record<string, LogLevel>> = { verify: "debug", audit: "warning" };

/** The settings of every run, as values; `wait` belongs to verification, `yes` to writers. */
export interface CommonSettings {
  readonly json: boolean;
  readonly format: ReportFormat;
  readonly output: string | undefined;
  readonly dryRun: boolean;
  readonly dryRunExitZero: boolean;
  readonly timeout: number;
  readonly wait?: number;
  readonly yes?: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly history: boolean;
  readonly environment: string;
  readonly reportDir: string | undefined;
  readonly stateDir: string | undefined;
  readonly metricsFile: string | undefined;
  readonly pushgatewayUrl: Secret | undefined;
  readonly databaseUrl: Secret | undefined;
  readonly stateSchema: string;
}

/** The options of every script. */
export function commonOptions(manifest: Manifest): { readonly [K in keyof CommonSettings]: Option<CommonSettings[K]> } {
  return {
    json: option.boolean({ flag: "--json", description: "short for --format json" }),
    format: option.choice({ flag: "--format <format>", choices: reportFormats, default: "human", description: "how the report is printed" }),
    output: option.path({ flag: "--output <file>", description: "write the report to a file instead of standard output" }),
    dryRun: option.boolean({ flag: "--dry-run", env: "DRY_RUN", description: "say what would be done, change nothing and exit with 10" }),
    dryRunExitZero: option.boolean({ flag: "--dry-run-exit-zero", description: "let a completed dry run exit with 0" }),
    timeout: option.duration({ flag: "--timeout <duration>", default: manifest.timeout, description: "end the run after this time" }),
    ...(manifest.target === "verify" ? { wait: waitOption } : {}),
    ...(manifest.permission === "read" ? {} : { yes: yesOption }),
    logLevel: logLevelOption(defaultLevels[manifest.target] ?? "info"),
    logFormat: logFormatOption,
    history: option.boolean({ flag: "--no-history", default: true, description: "leave the run out of the history" }),
    environment: option.text({ env: "ENVIRONMENT", config: "environment", default: "development", description: "development, staging or production" }),
    reportDir: option.path({ env: "REPORT_DIR", description: "folder of the latest reports (default: the system's temp folder)" }),
    stateDir: option.path({ env: "STATE_DIR", description: "folder of the journal and of every run's report (default: .platform beside the config file, else the XDG state folder)" }),
    metricsFile: option.path({ env: "METRICS_FILE", description: "Prometheus textfile that the run's metrics are written to" }),
    pushgatewayUrl: option.secret({ env: "PUSHGATEWAY_URL", description: "Prometheus Pushgateway that the run's metrics are sent to" }),
    databaseUrl: historyDatabaseUrl,
    stateSchema: stateSchema(),
  };
}

const waitOption: Option<number> = option.duration({ flag: "--wait <duration>", default: "0s", description: "try again for so long while a service does not answer" });
const yesOption: Option<boolean> = option.boolean({ flag: "--yes", description: "go on although ENVIRONMENT is production" });

/** Only the history uses it; a script that works on the database declares its own, with a flag. */
const historyDatabaseUrl: Option<Secret | undefined> = { env: "DATABASE_URL", config: "databaseUrl", description: "Postgres connection URL; the history is recorded there", secret: true, parse: databaseUrl().parse };

const logFormatOption: Option<LogFormat> = option.choice({ env: "LOG_FORMAT", choices: ["text", "json"], default: "text", description: "log lines as text or as JSON" });

function logLevelOption(level: LogLevel): Option<LogLevel> {
  return {
    flag: "--log-level <level>",
    env: "LOG_LEVEL",
    description: "DEBUG, INFO, WARNING or ERROR",
    default: level,
    parse: (written) => {
      const found = logLevels.find((candidate) => candidate === String(written).trim().toLowerCase());
      if (found === undefined) throw new Error("expected DEBUG, INFO, WARNING or ERROR");
      return found;
    },
  };
}
