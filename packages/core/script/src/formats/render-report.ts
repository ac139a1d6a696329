import type { ReportFormat } from "../common-options.ts";
import type { Report } from "../report.ts";
import { renderHuman, type HumanOptions } from "./human.ts";
import { renderJson } from "./json.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderSarif } from "./sarif.ts";

export interface RenderOptions extends HumanOptions {
  readonly format: ReportFormat;
}

/** A report as text that ends with a newline. `body`, `color` and `width` count where the format has a place for them. */
export function renderReport(report: Report, options: RenderOptions): string {
  return renderers[options.format](report, options);
}

const renderers: Readonly<Record<ReportFormat, (report: Report, options: HumanOptions) => string>> = {
  human: renderHuman,
  json: renderJson,
  junit: renderJunit,
  markdown: renderMarkdown,
  sarif: renderSarif,
};
