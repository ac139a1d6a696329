import type { Report } from "@org/script";
import { describeDifference } from "./drift-checks.ts";
import type { Difference } from "@org/postgres/schema";
import type { SchemaConsistency } from "./validate.ts";

/** The differences as a tree: each object once, its differences below it. */
export function renderDifferences({ data }: Report<SchemaConsistency>): string {
  if (data === null || data.differences === null || data.differences.length === 0) return "";
  const objects = new Map<string, Difference[]>();
  for (const difference of data.differences) {
    const object = `${difference.kind} ${difference.object}`;
    objects.set(object, [...(objects.get(object) ?? []), difference]);
  }
  const lines = [...objects].flatMap(([object, differences]) => renderObject(object, differences));
  const ignored = data.ignored.length === 0 ? [] : ["", `${data.ignored.length} more are accepted by schema.ignore.`];
  return [`${data.differences.length} differences from what ${data.replayed} migrations make:`, "", ...lines, ...ignored].join("\n");
}

function renderObject(object: string, differences: readonly Difference[]): string[] {
  const [first] = differences;
  if (first !== undefined && first.property === null) return [`  ${describeDifference(first)}  [${first.severity}]`];
  return [`  ${object}`, ...differences.flatMap(renderProperty)];
}

function renderProperty({ property, expected, found, severity }: Difference): string[] {
  return [`    ${property}  [${severity}]`, ...side("expected", expected), ...side("found   ", found)];
}

function side(title: string, value: string | null): string[] {
  const [first = "", ...rest] = (value ?? "(not set)").split("\n");
  return [`      ${title}  ${first}`, ...rest.map((line) => `                ${line}`)];
}
