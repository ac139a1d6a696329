import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { CheckResult, Occurrence } from "../check.ts";
import type { Report } from "../report.ts";
import { visible } from "./visible.ts";
import { checksBesideError } from "./words.ts";

/**
 * SARIF 2.1.0 (OASIS). What failed or warns is a result, with its file or object; every other check is told as a notification, and one that
 * could not run makes the execution unsuccessful, so that an empty list of results is never taken for a pass.
 */
export function renderSarif(report: Report): string {
  const { run, exitCode } = report;
  const occurrences = report.checks.flatMap(occurrencesOf);
  const invocation = {
    executionSuccessful: report.error === null && report.counts.unknown === 0 && report.verdict !== "unknown",
    exitCode,
    startTimeUtc: run.startedAt,
    endTimeUtc: run.endedAt,
    toolExecutionNotifications: notifications(report),
  };
  const sarifRun = {
    tool: { driver: { name: report.script, semanticVersion: report.scriptVersion, rules: rulesOf(occurrences) } },
    automationDetails: { id: `${report.script}/`, guid: run.id },
    invocations: [invocation],
    columnKind: "unicodeCodePoints",
    results: occurrences.map(result),
    properties: { verdict: report.verdict, checks: report.counts },
  };
  return `${JSON.stringify({ $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [sarifRun] }, null, 2)}\n`;
}

type Told = Occurrence & { readonly check: string; readonly title: string };

/** A check that does not tell its places is one itself. */
function occurrencesOf(check: CheckResult): Told[] {
  const { id, title, verdict, evidence, remedy, occurrences = [] } = check;
  if (verdict !== "fail" && verdict !== "warn") return [];
  const itself: Occurrence = { rule: id, level: verdict === "fail" ? "error" : "warning", message: evidence, ...(remedy === undefined ? {} : { remedy }) };
  return (occurrences.length === 0 ? [itself] : occurrences).map((occurrence) => ({ ...occurrence, check: id, title }));
}

function rulesOf(occurrences: readonly Told[]): object[] {
  const rules = new Map(occurrences.map(({ rule, title }) => [rule, title]));
  return [...rules].map(([id, title]) => ({ id: visible(id), shortDescription: { text: visible(title) } }));
}

function result(occurrence: Told): object {
  const { rule, level, message, remedy, check } = occurrence;
  return {
    ruleId: visible(rule),
    level,
    message: { text: visible(remedy === undefined ? message : `${message}\n${remedy}`) },
    locations: [location(occurrence)],
    partialFingerprints: { "occurrence/v1": fingerprint(occurrence) },
    properties: { check },
  };
}

function location({ file, line, column, object, check }: Told): object {
  const logicalLocations = [object === undefined ? { fullyQualifiedName: check, kind: "check" } : { fullyQualifiedName: visible(object), kind: "object" }];
  if (file === undefined) return { logicalLocations };
  const region = line === undefined ? {} : { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } };
  return { physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region }, ...(object === undefined ? {} : { logicalLocations }) };
}

function uriOf(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file.split(/[/\\]/u).map((part) => encodeURIComponent(part.toWellFormed())).join("/");
}

/** The same finding has the same one in the next run, also when its line has moved. */
function fingerprint({ rule, file, object, message }: Told): string {
  return createHash("sha256").update(JSON.stringify([rule, file, object, message])).digest("hex").slice(0, 32);
}

const levels = { pass: "note", skipped: "note", unknown: "error" } as const;

function notifications(report: Report): object[] {
  const { error } = report;
  const checks = checksBesideError(report).flatMap(({ id, verdict, evidence }) =>
    verdict === "fail" || verdict === "warn" ? [] : [{ level: levels[verdict], message: { text: visible(`${verdict} ${id}: ${evidence}`) } }],
  );
  if (error === null) return checks;
  const text = visible(error.hint === null ? error.message : `${error.message}\n${error.hint}`);
  return [{ level: "error", message: { text } }, ...checks];
}
