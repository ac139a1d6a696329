import { exitCodes } from "@org/exit-codes";
import type { CheckResult } from "../check.ts";
import type { Report } from "../report.ts";
import { visible } from "./visible.ts";
import { checksBesideError, measured, occurrenceLine } from "./words.ts";

interface TestCase {
  readonly id: string;
  readonly title: string;
  readonly durationMs: number;
  readonly outcome: "passed" | "failure" | "error" | "skipped";
  readonly message: string;
  readonly details: string;
}

/** A failed check is a failure, one that could not run an error, so that no reader of the file takes it for passed. */
export function renderJunit(report: Report): string {
  const cases = [...checksBesideError(report).map(caseOfCheck), ...caseOfRun(report)];
  const count = (outcome: TestCase["outcome"]): number => cases.filter((item) => item.outcome === outcome).length;
  const totals = {
    name: report.script,
    tests: cases.length,
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
    time: seconds(report.run.durationMs),
  };
  const suite = { ...totals, timestamp: report.run.startedAt, hostname: report.run.host };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(totals)}>`,
    `  <testsuite${attributes(suite)}>`,
    ...properties(report),
    ...cases.flatMap((item) => testCase(report.script, item)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const outcomes = { pass: "passed", warn: "passed", fail: "failure", unknown: "error", skipped: "skipped" } as const;

function caseOfCheck(check: CheckResult): TestCase {
  const lines = [`${check.verdict}: ${check.evidence}`, measured(check), check.remedy && `remedy: ${check.remedy}`, ...(check.occurrences ?? []).map(occurrenceLine)];
  return {
    id: check.id,
    title: check.title,
    durationMs: check.durationMs,
    outcome: outcomes[check.verdict],
    message: check.evidence,
    details: lines.filter((line) => line !== undefined).join("\n"),
  };
}

/** The run itself, when it did not succeed for a reason that no check shows. */
function caseOfRun(report: Report): TestCase[] {
  const { error, exitCode, checks } = report;
  const shown = checks.some(({ verdict }) => verdict === "fail" || verdict === "unknown");
  const succeeded = exitCode === exitCodes.success || exitCode === exitCodes.dryRun;
  if (error === null && (succeeded || shown)) return [];
  const message = error?.message ?? "no check could run";
  const details = error?.hint ? `${message}\nhint: ${error.hint}` : message;
  return [{ id: "run", title: "The run comes to a verdict", durationMs: report.run.durationMs, outcome: "error", message, details }];
}

function properties({ run, scriptVersion, verdict, exitCode }: Report): string[] {
  const values = { runId: run.id, scriptVersion, environment: run.environment, verdict, exitCode };
  const lines = Object.entries(values).map(([name, value]) => `      <property${attributes({ name, value })}/>`);
  return ["    <properties>", ...lines, "    </properties>"];
}

function testCase(script: string, { id, title, durationMs, outcome, message, details }: TestCase): string[] {
  const head = `    <testcase${attributes({ name: title, classname: `${script}.${id}`, time: seconds(durationMs) })}>`;
  const element = {
    passed: `<system-out>${escape(details)}</system-out>`,
    failure: `<failure${attributes({ message, type: "fail" })}>${escape(details)}</failure>`,
    error: `<error${attributes({ message, type: "unknown" })}>${escape(details)}</error>`,
    skipped: `<skipped${attributes({ message })}/>`,
  }[outcome];
  return [head, `      ${element}`, "    </testcase>"];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(values).map(([name, value]) => ` ${name}="${escape(String(value)).replaceAll("\n", "&#10;")}"`);
  return pairs.join("");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** `visible` leaves no character that XML 1.0 forbids. */
function escape(text: string): string {
  return visible(text).replace(/[&<>"']/gu, (character) => entities[character]!);
}

function seconds(durationMs: number): string {
  return (durationMs / 1_000).toFixed(3);
}
