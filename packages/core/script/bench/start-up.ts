// What `--version` and `--help` of every built script cost over a bare Node, as medians of interleaved pairs.
//   node -C @org/source packages/core/script/bench/start-up.ts [pairs]
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { exitCodes } from "@org/exit-codes";

/** Milliseconds over `node -e 0` that a script may cost. */
const budget = 60;

const root = join(import.meta.dirname, "../../../..");
const pairs = Number(process.argv[2] ?? 15);
const scripts = globSync("packages/*/*/bin/*.js", { cwd: root }).toSorted();
const flags = ["--version", "--help"];

const rows = scripts.flatMap((script) => flags.map((flag) => ({ script: basename(script, ".js"), flag, ...compare(["--", join(root, script), flag]) })));
const isOver = rows.some(({ over }) => over > budget);

console.table(rows.map(({ script, flag, bare, over, worst }) => ({ script, flag, "node -e 0 (ms)": round(bare), "over it (ms)": round(over), "highest quartile (ms)": round(worst) })));
console.log(`${pairs} pairs each, Node ${process.versions.node}: ${isOver ? "over" : "inside"} the budget of ${budget} ms.`);
process.exitCode = isOver ? exitCodes.checkFailed : exitCodes.success;

/** Each pair runs close together, so that what else the machine does meets both alike. */
function compare(args: readonly string[]): { readonly bare: number; readonly over: number; readonly worst: number } {
  const measured = Array.from({ length: pairs }, (_, index) => {
    const first = index % 2 === 0;
    const [one, two] = first ? [["-e", "0"], args] : [args, ["-e", "0"]];
    const [a, b] = [elapsed(one), elapsed(two)];
    return first ? { bare: a, over: b - a } : { bare: b, over: a - b };
  });
  const over = measured.map((pair) => pair.over).toSorted((a, b) => a - b);
  return { bare: quantile(measured.map((pair) => pair.bare).toSorted((a, b) => a - b), 0.5), over: quantile(over, 0.5), worst: quantile(over, 0.75) };
}

function elapsed(args: readonly string[]): number {
  const started = performance.now();
  execFileSync(process.execPath, args, { stdio: "ignore" });
  return performance.now() - started;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
