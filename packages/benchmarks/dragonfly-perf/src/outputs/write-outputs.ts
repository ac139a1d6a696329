import { isScriptError } from "@org/exit-codes";
import { checkResult, fail, pass, writeFileSafely, type CheckResult, type Finding } from "@org/script";
import type { BenchmarkSettings } from "../options.ts";
import type { BenchmarkData } from "../result.ts";
import { toCsv } from "./csv.ts";
import { toHgrm } from "./hgrm.ts";
import { toHtml } from "./html.ts";
import { toMemtierJson } from "./memtier-json.ts";

/** Writes the result in each format that has a file. A file that cannot be written is a failed check: it costs no result. */
export async function writeOutputs(data: BenchmarkData, { memtierJson, csv, hgrm, html }: Pick<BenchmarkSettings, "memtierJson" | "csv" | "hgrm" | "html">): Promise<CheckResult[]> {
  const files: readonly (readonly [string | undefined, () => string | Promise<string>])[] = [
    [memtierJson, () => `${JSON.stringify(toMemtierJson(data), null, 2)}\n`],
    [csv, () => toCsv(data)],
    [hgrm, () => toHgrm(data)],
    [html, () => toHtml(data)],
  ];
  const wanted = files.flatMap(([file, render]) => (file === undefined ? [] : [{ file, render }]));
  if (wanted.length === 0) return [];
  return [checkResult({ id: "perf.outputs", title: "The files that were asked for are written" }, await writeAll(wanted))];
}

async function writeAll(wanted: readonly { readonly file: string; readonly render: () => string | Promise<string> }[]): Promise<Finding> {
  try {
    for (const { file, render } of wanted) await writeFileSafely(file, await render(), 0o644);
    return pass(wanted.map(({ file }) => file).join(", "));
  } catch (error) {
    if (!isScriptError(error)) throw error;
    return fail(error.message, error.hint ?? "Choose another file.", { code: error.code });
  }
}
