import { styleText } from "node:util";
import { formatDuration } from "@org/env";
import type { CheckResult, Verdict } from "../check.ts";
import type { LineColor } from "../define-script.ts";
import type { Report, ReportedError } from "../report.ts";
import { pad, wrap } from "./columns.ts";
import { displayWidth, visible } from "./visible.ts";
import { checksBesideError, coverage, measured, verdictSymbols } from "./words.ts";

export interface HumanOptions {
  readonly color: boolean;
  /** What the script itself has to say, printed between the title line and the checks. */
  readonly body?: string;
  readonly lineColor?: (line: string) => LineColor | undefined;
  /** Columns of the terminal; 80 when unset, never more than 120. */
  readonly width?: number;
}

type Color = Parameters<typeof styleText>[0];

const verdictColors: Readonly<Record<Verdict, Color>> = { pass: "green", warn: "yellow", fail: "red", unknown: "magenta", skipped: "gray" };

export function renderHuman(report: Report, options: HumanOptions): string {
  const paint = painter(options.color);
  const body = bodyLines(options, paint).join("\n").trimEnd();
  const sections = [
    titleLine(report, paint),
    body,
    checkLines(checksBesideError(report), Math.min(options.width ?? 80, 120), paint).join("\n"),
    report.error === null ? "" : renderError(report.error, options.color).trimEnd(),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** The two lines that stderr shows when a run ended early. */
export function renderError(error: Pick<ReportedError, "message" | "hint">, color: boolean): string {
  const paint = painter(color);
  const hint = error.hint === null ? "" : `${paint("cyan", "hint:")} ${visible(error.hint)}\n`;
  return `${paint(["bold", "red"], "error:")} ${visible(error.message)}\n${hint}`;
}

type Paint = (color: Color, text: string) => string;

function painter(color: boolean): Paint {
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

function bodyLines({ body = "", lineColor }: HumanOptions, paint: Paint): string[] {
  return visible(body).split("\n").map((line) => {
    const color = lineColor?.(line);
    return color === undefined ? line : paint(color, line);
  });
}

function titleLine(report: Report, paint: Paint): string {
  const { script, verdict, run } = report;
  const facts = [coverage(report), formatDuration(run.durationMs), ...(run.dryRun ? ["dry run"] : [])];
  return `${paint("bold", visible(script))}  ${verdictCell(verdict, paint)}  ${facts.join(", ")}`;
}

function verdictCell(verdict: Verdict, paint: Paint): string {
  return paint(verdictColors[verdict], `${verdictSymbols[verdict]} ${verdict}`);
}

const indent = 2;
const gap = 2;
const verdictWidth = "? unknown".length;

interface Line {
  readonly text: string;
  readonly color?: Color;
}

function checkLines(checks: readonly CheckResult[], width: number, paint: Paint): string[] {
  const room = Math.max(30, width - indent - verdictWidth - 2 * gap);
  const titleWidth = Math.min(Math.floor(room * 0.4), Math.max(0, ...checks.map(({ title }) => displayWidth(visible(title)))));
  return checks.flatMap((check) => {
    const titles = wrap(visible(check.title), titleWidth);
    const findings = findingLines(check, room - titleWidth);
    return Array.from({ length: Math.max(titles.length, findings.length) }, (_, row) => {
      const space = " ".repeat(verdictWidth - 2 - check.verdict.length);
      const verdict = row === 0 ? verdictCell(check.verdict, paint) + space : " ".repeat(verdictWidth);
      const { text, color } = findings[row] ?? { text: "" };
      const finding = color === undefined ? text : paint(color, text);
      const cells = [verdict, pad(titles[row] ?? "", titleWidth), finding];
      return (" ".repeat(indent) + cells.join(" ".repeat(gap))).trimEnd();
    });
  });
}

function findingLines(check: CheckResult, width: number): Line[] {
  const figures = measured(check);
  const evidence = visible(figures === undefined ? check.evidence : `${check.evidence} (${figures})`);
  const remedy = check.remedy === undefined || check.verdict === "pass" ? [] : wrap(visible(check.remedy), width - 2);
  return [
    ...wrap(evidence, width).map((text): Line => (check.verdict === "skipped" ? { text, color: "gray" } : { text })),
    ...remedy.map((text, row): Line => ({ text: `${row === 0 ? "→" : " "} ${text}`, color: "cyan" })),
  ];
}
