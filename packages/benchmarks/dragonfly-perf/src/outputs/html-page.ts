/** Follows the reader's light or dark setting. */
export const pageStyle: string = `
:root { color-scheme: light dark; --text: #1c2430; --muted: #5b6675; --back: #ffffff; --card: #f5f7fa; --line: #d8dee6; --good: #16794c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6ebf2; --muted: #9aa6b5; --back: #12161c; --card: #1b212a; --line: #323b47; --good: #5fd39a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, "Liberation Sans", sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 24px; margin: 0 0 16px; } h2 { font-size: 17px; margin: 28px 0 4px; } p { color: var(--muted); margin: 4px 0 8px; }
h1 span { font-size: 14px; font-weight: 600; padding: 3px 10px; border-radius: 99px; border: 1px solid currentcolor; vertical-align: middle; }
.valid { color: var(--good); } .invalid { color: var(--bad); }
.reasons { border-left: 4px solid var(--bad); background: var(--card); padding: 4px 16px 8px; } .reasons h2 { margin-top: 8px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; } dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
.table { overflow-x: auto; } .table table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
.table :is(th, td) { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; } .table :is(th, td):is(:first-child, :nth-child(3)) { text-align: left; } .table th { color: var(--muted); font-weight: 600; }
.plot { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px; min-height: 320px; }
.u-legend { font-size: 13px; } .uplot { font-family: inherit; }
@media (max-width: 600px) { dl { grid-template-columns: 1fr; } dt { margin-top: 8px; } }
`;

/** Runs in the reader's browser; nothing is loaded from anywhere. */
export const pageScript: string = `
(function () {
  var runs = JSON.parse(document.getElementById("data").textContent);
  var colours = ["#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4", "#ec4899", "#84cc16"];
  var plots = [];
  function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function join(pick) {
    var xs = Array.from(new Set(runs.flatMap(function (run) { return pick(run).map(function (point) { return point[0]; }); }))).sort(function (a, b) { return a - b; });
    return [xs].concat(runs.map(function (run) { var known = new Map(pick(run)); return xs.map(function (x) { return known.has(x) ? known.get(x) : null; }); }));
  }
  function draw(id, spec) {
    var element = document.getElementById(id);
    element.textContent = "";
    var axis = { stroke: css("--muted"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    plots.push(new uPlot({
      width: Math.max(260, element.clientWidth - 18), height: 300,
      scales: spec.scales,
      axes: [Object.assign({}, axis, { values: spec.xValues, splits: spec.xSplits, incrs: spec.xSteps, label: spec.xLabel, labelSize: 24 }), Object.assign({}, axis, { size: 70, label: spec.yLabel, labelSize: 24, values: spec.yValues })],
      series: [{ label: spec.xLabel, value: spec.xValue }].concat(runs.map(function (run, index) { return { label: run.name, stroke: colours[index % colours.length], width: 2, spanGaps: true, points: { show: spec.points } }; }))
    }, spec.data, element));
  }
  var nines = [0, 1, 2, 3, 4, 5, 6];
  var wholeSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  var labelWidth = 64, axisWidth = 110;
  function percent(x) { var p = 100 - 100 / Math.pow(10, x); return x === 0 ? "0 %" : x === 1 ? "90 %" : p.toFixed(Math.max(0, x - 2)) + " %"; }
  function drawAll() {
    plots.forEach(function (plot) { plot.destroy(); }); plots = [];
    var tail = Math.max.apply(null, [1].concat(runs.flatMap(function (run) { return run.percentiles.filter(function (point) { return point[0] < 100; }).map(function (point) { return -Math.log10(1 - point[0] / 100); }); })));
    draw("percentiles", {
      data: join(function (run) { return run.percentiles.map(function (point) { return [point[0] >= 100 ? tail + 0.1 : -Math.log10(1 - point[0] / 100), point[1]]; }); }),
      scales: { x: { time: false }, y: { distr: 3 } }, points: false, xLabel: "percentile", yLabel: "ms",
      xSplits: function (plot, axis, min, max) { var fit = Math.max(1, Math.ceil((max - min) * labelWidth / (plot.width - axisWidth))); return nines.filter(function (x) { return x >= min && x <= max && x % fit === 0; }); },
      xValues: function (plot, splits) { return splits.map(percent); },
      xValue: function (plot, x) { return x === null ? "--" : (100 - 100 / Math.pow(10, x)).toFixed(4) + " %"; },
      yValues: function (plot, splits) { return splits.map(function (y) { return y === null ? "" : Math.abs(Math.log10(y) - Math.round(Math.log10(y))) < 1e-9 ? String(y) : ""; }); }
    });
    var over = function (field) { return join(function (run) { return run.series.map(function (second) { return [second.at, second[field]]; }); }); };
    draw("rate", { data: over("opsPerSecond"), scales: { x: { time: false }, y: { range: function (plot, min, max) { return [0, max * 1.1 || 1]; } } }, points: true, xSteps: wholeSeconds, xLabel: "seconds", yLabel: "ops/s" });
    draw("latency", { data: over("p99"), scales: { x: { time: false }, y: { range: function (plot, min, max) { return [0, max * 1.1 || 1]; } } }, points: true, xSteps: wholeSeconds, xLabel: "seconds", yLabel: "ms" });
    window.plots = plots;
  }
  drawAll();
  addEventListener("resize", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
`;
