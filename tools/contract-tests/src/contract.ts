import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "@org/exit-codes";
import { Ajv, type ValidateFunction } from "ajv";
import { root } from "./scripts.ts";

/** The lines of a log that do not have the format; empty when all have. */
export function problemsOfLog(stderr: string, logName: string, isJson: boolean): string[] {
  if (stderr !== "" && !stderr.endsWith("\n")) return [`the log does not end with a newline: ${JSON.stringify(stderr.slice(-80))}`];
  const lines = stderr.split("\n").slice(0, -1);
  const keeps = isJson ? isJsonLine : isTextLine;
  return lines.filter((line) => !keeps(line, logName)).map((line) => `not a log line of ${logName}: ${JSON.stringify(line)}`);
}

const textLine = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[(?:DEBUG|INFO|WARNING|ERROR)\] \[([a-z0-9_]+)\] .*$/u;

/** The platform lets the scripts that it runs tell their own story. */
function isTextLine(line: string, logName: string): boolean {
  const name = textLine.exec(line)?.[1];
  return name !== undefined && (name === logName || logName === "platform");
}

function isJsonLine(line: string, logName: string): boolean {
  const { time, level, script, message } = JSON.parse(line) as Record<string, unknown>;
  const isIso = typeof time === "string" && new Date(time).toISOString() === time;
  return isIso && ["DEBUG", "INFO", "WARNING", "ERROR"].includes(level as string) && typeof message === "string" && (script === logName || logName === "platform");
}

/** What is wrong with what --json printed. Input that is refused (3) and a bug (1) may end the command before there is a report. */
export function problemsOfReport(stdout: string, exitCode: number | null): string[] {
  if (stdout === "") return exitCode === exitCodes.configuration || exitCode === exitCodes.general ? [] : [`exit code ${exitCode}, and nothing on standard output`];
  if (!stdout.endsWith("}\n")) return ["standard output does not end with the report"];
  const report = JSON.parse(stdout) as { readonly exitCode?: unknown };
  const mismatch = report.exitCode === exitCode ? [] : [`the report says exit code ${String(report.exitCode)}, the process ended with ${exitCode}`];
  return [...problemsOfJson("report", report), ...mismatch];
}

/** What is wrong with a document by its published schema. */
export function problemsOfJson(schema: "report" | "migration_status" | "verification_report", value: unknown): string[] {
  const validate = validatorOf(schema);
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${schema}${instancePath} ${message}`);
}

const ajv = new Ajv({ allErrors: true, validateFormats: false });
const validators = new Map<string, ValidateFunction>();

function validatorOf(schema: string): ValidateFunction {
  const file = join(root, "packages/core/script/schemas", `${schema}.schema.json`);
  const validate = validators.get(schema) ?? ajv.compile(JSON.parse(readFileSync(file, "utf8")) as object);
  validators.set(schema, validate);
  return validate;
}
