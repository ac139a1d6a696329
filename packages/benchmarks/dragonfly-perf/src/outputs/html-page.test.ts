import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { pageScript } from "./html-page.ts";

interface Drawn {
  readonly options: { readonly series: readonly { readonly label: string }[]; readonly axes: readonly [{ readonly splits?: (plot: object, axis: number, min: number, max: number) => number[] }] };
  readonly data: readonly (readonly (number | null)[])[];
}

const runs = [
  { name: "get #1", percentiles: [[0, 0.5], [50, 1.5], [99, 5], [100, 7]], series: [{ at: 1, opsPerSecond: 490, p50: 1, p99: 4, max: 6, errors: 0 }, { at: 2, opsPerSecond: 510, p50: 2, p99: 5, max: 7, errors: 2 }] },
  { name: "get #2", percentiles: [[0, 0.4], [99, 6], [100, 8]], series: [{ at: 1, opsPerSecond: 480, p50: 1, p99: null, max: 6, errors: 0 }] },
];

/** Runs the page's script, with what it needs of a browser, and returns what it has drawn. */
function drawn(): Drawn[] {
  const plots: Drawn[] = [];
  function UPlot(options: Drawn["options"], data: Drawn["data"]): void {
    plots.push({ options, data });
  }
  const elements: Readonly<Record<string, object>> = { data: { textContent: JSON.stringify(runs) } };
  const document = { documentElement: {}, getElementById: (id: string) => elements[id] ?? { textContent: "", clientWidth: 600 } };
  const nothing = { addEventListener: () => undefined };
  runInNewContext(pageScript, { document, window: {}, uPlot: UPlot, getComputedStyle: () => ({ getPropertyValue: () => "#000" }), matchMedia: () => nothing, ...nothing });
  // What comes from another context has other prototypes.
  return plots.map(({ options, data }) => ({ options, data: JSON.parse(JSON.stringify(data)) as Drawn["data"] }));
}

test("the plots hold the data of the result: percentiles at their nines, and the seconds", () => {
  const [percentiles, rate, latency] = drawn();
  expect(percentiles!.options.series.map(({ label }) => label)).toEqual(["percentile", "get #1", "get #2"]);
  const [nines, first, second] = percentiles!.data;
  const at = (line: readonly (number | null)[], percent: number): number | null => line[nines!.findIndex((x) => Math.abs(x! + Math.log10(1 - percent / 100)) < 1e-9)]!;
  expect([0, 50, 99].map((percent) => [at(first!, percent), at(second!, percent)])).toEqual([[0.5, 0.4], [1.5, null], [5, 6]]);
  expect([first!.at(-1), second!.at(-1)]).toEqual([7, 8]);
  expect(rate!.data).toEqual([[1, 2], [490, 510], [480, null]]);
  expect(latency!.data).toEqual([[1, 2], [4, 5], [null, null]]);
});

test("percentiles are labelled as far as there is room", () => {
  const splits = drawn()[0]!.options.axes[0].splits!;
  expect([...splits({ width: 1000 }, 0, 0, 5.5)]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...splits({ width: 300 }, 0, 0, 5.5)]).toEqual([0, 2, 4]);
});
