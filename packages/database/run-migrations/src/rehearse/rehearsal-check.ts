import { isScriptError } from "@org/exit-codes";
import { fail, pass, unknown, warn, type Finding } from "@org/script";
import { printable } from "../printable.ts";
import type { Rehearsal, RehearsedLock, RelationSize } from "./rehearsal.ts";

/** How a rehearsal came out, or why there was none. */
export type RehearsalOutcome = Rehearsal | { readonly error: unknown };

/** Below it, reading or writing all rows anew is over before anybody notices. */
const manyRows = 10_000;

/** The verdict on a rehearsal; one that could not take place is unknown. */
export function rehearsalCheck(outcome: RehearsalOutcome): Finding {
  if ("error" in outcome) return notRehearsed(outcome.error);
  const { files, failure } = outcome;
  if (failure !== null) {
    const place = failure.line === null ? "" : `:${failure.line}:${failure.column}`;
    return fail(`${printable(failure.file)}${place} fails in a scratch copy of the schema: ${printable(failure.message)}`, "Correct the file; nothing was applied.");
  }
  const statements = files.flatMap((file) => file.statements);
  const durationMs = files.reduce((sum, file) => sum + file.durationMs, 0);
  const blocking = new Map(statements.flatMap(({ locks }) => locks).filter(({ blocks }) => blocks === "reads and writes" || blocks === "writes").map((lock) => [lock.relation, lock]));
  const told = [...blocking.values()].map((lock) => `blocks ${lock.blocks} of ${printable(lock.relation)} (${sizeOf(lock)})`);
  const evidence = [`${files.length} ${files.length === 1 ? "file runs" : "files run"} in a scratch copy, in ${durationMs} ms on empty tables`, ...told].join("; ");
  const slow = statements.flatMap(({ rewrites, scans }) => [...rewrites, ...scans]).find((relation) => isBig(blocking.get(relation)));
  if (slow === undefined) return pass(evidence, { value: durationMs, unit: "ms" });
  return warn(evidence, `Every row of ${printable(slow)} is read or written under that lock; see what the plan says of it.`, { value: durationMs, unit: "ms" });
}

function notRehearsed(error: unknown): Finding {
  if (!isScriptError(error)) throw error;
  const { code, message, hint = "" } = error;
  return unknown(`there was no rehearsal: ${message}`, hint, code === "checkFailed" ? {} : { code });
}

function isBig(lock: RehearsedLock | undefined): boolean {
  return lock !== undefined && (lock.rows ?? Number.POSITIVE_INFINITY) >= manyRows;
}

/** Such as "12.3 M rows, 1.4 GB". */
export function sizeOf({ rows, bytes }: RelationSize): string {
  if (rows === null || bytes === null) return "never analysed";
  return `${scaled(rows, 1000, ["", " k", " M", " G"])} ${rows === 1 ? "row" : "rows"}, ${scaled(bytes, 1024, [" B", " kB", " MB", " GB", " TB"])}`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log(value) / Math.log(base)));
  const shown = value / base ** power;
  return `${power === 0 || shown >= 100 ? Math.round(shown) : shown.toFixed(1)}${units[power]}`;
}
