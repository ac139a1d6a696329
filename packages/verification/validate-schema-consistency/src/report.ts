import type { Report } from "@org/script";
import { describeDifference } from "./drift-checks.ts";
import { diffLines, hunks } from "./line-diff.ts";
import { sourceNames } from "./sources/source.ts";
import type { Dated } from "./since.ts";
import type { SchemaConsistency } from "./validate.ts";

/** The differences as a tree (each object once, its differences below it), then how the two sides of each differ, line by line. */
export function renderDifferences({ data }: Report<SchemaConsistency>): string {
  if (data === null || data.differences === null || data.differences.length === 0) return "";
  const { differences, comparedWith, replayed, ignored } = data;
  const source = comparedWith === "migrations" ? `what ${replayed} migrations make` : sourceNames[comparedWith];
  const accepted = ignored.length === 0 ? [] : [`${ignored.length} more are accepted by schema.ignore.`, ""];
  const count = `${differences.length} ${differences.length === 1 ? "difference" : "differences"} from ${source}:`;
  const common = commonReason(differences);
  const since = common === undefined ? [] : [`Since when: ${common}`, ""];
  return [count, "", ...tree(differences, { withReasons: common === undefined }), "", ...since, ...accepted, ...differences.flatMap(sides)].join("\n");
}

/** Why all of them are dated as they are; undefined when they differ in that. */
function commonReason(differences: readonly Dated[]): string | undefined {
  const [reason, ...others] = new Set(differences.map(({ since }) => since.reason));
  return others.length === 0 ? reason : undefined;
}

function tree(differences: readonly Dated[], { withReasons }: { readonly withReasons: boolean }): string[] {
  const objects = Map.groupBy(differences, ({ kind, object }) => `${kind} ${object}`);
  const reasonOf = ({ since }: Dated): string[] => (withReasons ? [`      ${since.reason}`] : []);
  return [...objects].flatMap(([object, own]) => {
    const [first] = own;
    if (own.length === 1 && first?.property === null) return [`  ${describeDifference(first)}  [${first.severity}]`, ...reasonOf(first)];
    return [`  ${object}`, ...own.flatMap((difference) => [`    ${difference.property ?? difference.change}  [${difference.severity}]`, ...reasonOf(difference)])];
  });
}

/** What is missing or too much as a whole has no two sides. */
function sides({ kind, object, property, expected, found }: Dated): string[] {
  if (property === null) return [];
  const lines = expected === null || found === null ? onlyOne(expected, found) : hunks(diffLines(found, expected));
  return [`  ${kind} ${object}: ${property}`, ...lines.map(({ sign, text }) => `    ${sign} ${text}`), ""];
}

function onlyOne(expected: string | null, found: string | null): { readonly sign: string; readonly text: string }[] {
  return [
    { sign: "-", text: found ?? "(not set)" },
    { sign: "+", text: expected ?? "(not set)" },
  ].flatMap(({ sign, text }) => text.split("\n").map((line) => ({ sign, text: line })));
}
