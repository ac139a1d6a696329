import { formatDuration } from "@org/env";
import type { CheckResult } from "../check.ts";
import type { Report } from "../report.ts";
import { visible } from "./visible.ts";
import { checksBesideError, coverage, measured, verdictSymbols } from "./words.ts";

/** A title, a table and the script's own text, as a comment on a pull request shows them. */
export function renderMarkdown(report: Report, { body }: { readonly body?: string }): string {
  const { script, verdict, run, error } = report;
  const checks = checksBesideError(report);
  const sections = [
    `### ${verdictSymbols[verdict]} ${inline(script)}: ${verdict}`,
    `${coverage(report)}, ${formatDuration(run.durationMs)}${run.dryRun ? ", dry run" : ""}`,
    error === null ? "" : `**Error:** ${inline(error.message)}${error.hint === null ? "" : `<br>**Hint:** ${inline(error.hint)}`}`,
    checks.length === 0 ? "" : ["| Verdict | Check | Evidence |", "| --- | --- | --- |", ...checks.map(row)].join("\n"),
    body === undefined || body.trim() === "" ? "" : fenced(body),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function row(check: CheckResult): string {
  const figures = measured(check);
  const remedy = check.remedy === undefined || check.verdict === "pass" ? "" : `<br>**Remedy:** ${inline(check.remedy)}`;
  const evidence = inline(figures === undefined ? check.evidence : `${check.evidence} (${figures})`);
  return `| ${verdictSymbols[check.verdict]} ${check.verdict} | ${inline(check.title)} | ${evidence}${remedy} |`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "<br>" };

/** One cell of a table: no markup, no HTML, no second line, and nobody is notified by an `@name`; commands stay as they are. */
function inline(text: string): string {
  return visible(text)
    .trim()
    .replace(/[\\`*_{}[\]|~#!$]/gu, "\\$&")
    .replace(/[&<>\n]/gu, (character) => entities[character]!)
    .replace(/(?<!npx (?:-y )?)@/gu, "@\u200B");
}

function fenced(body: string): string {
  const text = visible(body).trimEnd();
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
