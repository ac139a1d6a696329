import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { renderTable } from "../report.ts";
import type { BenchmarkData, RunResult } from "../result.ts";
import { pageScript, pageStyle } from "./html-page.ts";

/** What the page plots: the same figures as in the JSON. */
interface Plot {
  readonly name: string;
  readonly percentiles: readonly (readonly [number, number])[];
  readonly series: RunResult["series"];
}

/** A page of its own: figures, the reasons of an invalid result, latency by percentile and everything over time. Opens offline. */
export async function toHtml(data: BenchmarkData): Promise<string> {
  const require = createRequire(import.meta.url);
  const [library, style] = await Promise.all([require.resolve("uplot/dist/uPlot.iife.min.js"), require.resolve("uplot/dist/uPlot.min.css")].map((file) => readFile(file, "utf8")));
  const { server, client } = data.fingerprint;
  const plots: Plot[] = data.runs.map((run) => ({ name: nameOf(run, data.runs), percentiles: run.total.percentiles, series: run.series }));
  const facts: readonly (readonly [string, string])[] = [
    ["Server", `${data.target}, ${server.flavour} ${server.version ?? ""}, ${server.os ?? ""}`],
    ["Client", `${client.cores} cores (${client.processor}), kernel ${client.kernel}, node ${client.node}, version ${client.version}`],
    ["Load", Object.entries(data.settings).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : String(value)}`).join(", ")],
    ["PING", `p50 ${data.floor.p50 ?? "unknown"} ms, p99 ${data.floor.p99 ?? "unknown"} ms on an idle connection`],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(`dragonfly-perf: ${data.target}`)}</title>
<style>${style}${pageStyle}</style>
</head>
<body>
<main>
<h1>Cache benchmark <span class="${data.validity.toLowerCase()}">${data.validity}</span></h1>
${data.reasons.length === 0 ? "" : `<section class="reasons"><h2>Do not use these figures</h2><ul>${data.reasons.map((reason) => `<li>${escape(reason)}</li>`).join("")}</ul></section>`}
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`).join("")}</dl>
${resultTable(data.runs)}
<section><h2>Latency by percentile</h2><p>${data.settings.model === "open loop" ? "From the intended start of each request." : "From sending to the reply: a closed loop hides most of a stall."}</p><div class="plot" id="percentiles"></div></section>
<section><h2>Operations per second</h2><div class="plot" id="rate"></div></section>
<section><h2>p99 per second</h2><div class="plot" id="latency"></div></section>
</main>
<script type="application/json" id="data">${JSON.stringify(plots).replaceAll("<", "\\u003c")}</script>
<script>${library}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

function nameOf({ suite, round, side, connections, rate }: RunResult, runs: readonly RunResult[]): string {
  const varies = (of: (run: RunResult) => unknown): boolean => new Set(runs.map(of)).size > 1;
  const parts = [varies((run) => run.round) ? `#${round}` : "", side === "second" ? "second server" : "", varies((run) => run.connections) ? `${connections} connections` : "", varies((run) => run.rate) ? `${rate}/s` : ""];
  return [suite, ...parts.filter((part) => part !== "")].join(" ");
}

function resultTable(runs: readonly RunResult[]): string {
  const [head, ...rows] = renderTable(runs);
  const cells = (row: readonly string[], tag: "td" | "th"): string => `<tr>${row.map((text) => `<${tag}>${escape(text)}</${tag}>`).join("")}</tr>`;
  return `<div class="table"><table><thead>${cells(head!, "th")}</thead><tbody>${rows.map((row) => cells(row, "td")).join("")}</tbody></table></div><p>Latencies in milliseconds.</p>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
  return text.replace(/[&<>"]/gu, (character) => entities[character]!);
}
