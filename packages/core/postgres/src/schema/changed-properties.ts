import { withExpectedSequences, withoutGeneratedName, type Renamed } from "./generated-names.ts";
import type { Difference, Fact } from "./model.ts";
import { isSameText } from "./same-text.ts";
import { severityOf } from "./severity.ts";

/** Told for those who read a report or write a table again; the server's own, the order of columns and what follows from inheritance are no difference. */
const notCompared: ReadonlySet<string> = new Set(["server's version", "position", "inherited", "local"]);

/** Property by property, where an object that both sides have differs in its meaning. */
export function changedProperties(expected: Fact, found: Fact | undefined, sequences: Renamed["sequences"] = new Map()): readonly Difference[] {
  if (found === undefined) return [];
  const properties = new Set([...Object.keys(expected.properties), ...Object.keys(found.properties)]);
  return [...properties].flatMap((property): Difference[] => {
    const [before, after] = [expected.properties[property] ?? null, found.properties[property] ?? null];
    if (before === after || notCompared.has(property) || isSameMeaning({ expected, found, property, sequences })) return [];
    const { kind, name } = expected;
    const severity = severityOf({ kind, change: "changed", property, expected, found });
    return [{ kind, object: name, change: "changed", property, expected: before, found: after, severity }];
  });
}

interface Pair {
  readonly expected: Fact;
  readonly found: Fact;
  readonly property: string;
  readonly sequences: Renamed["sequences"];
}

function isSameMeaning({ expected, found, property, sequences }: Pair): boolean {
  const [before, after] = [expected.properties[property], found.properties[property]];
  if (before === undefined || after === undefined) return false;
  if (isSameText(expected, property, [before, after])) return true;
  if (expected.kind === "column" && property === "default") return withExpectedSequences(after, sequences) === before;
  if (expected.kind === "index" && property === "parents") return withoutGeneratedName(before) === withoutGeneratedName(after);
  // Migrations may make it without data, and somebody fills it.
  if (property === "populated") return before === "false";
  if (expected.kind !== "extension") return false;
  return property === "version" ? [expected, found].every(isServersVersion) : property === "grants on its members" && isGrantedAlike(expected, found);
}

/** Two versions of an extension have not the same members, so what was done to all of them is told of others. */
function isGrantedAlike(...sides: readonly [Fact, Fact]): boolean {
  const [before, after] = sides.map(({ properties }) => new Set((properties["grants on its members"] ?? "").split("; ").map((change) => change.slice(change.lastIndexOf(": ")))));
  return sides[0].properties["version"] !== sides[1].properties["version"] && before!.size === after!.size && [...before!].every((change) => after!.has(change));
}

/** Nothing asks for a version, and each server gives its own. */
function isServersVersion({ properties }: Fact): boolean {
  return properties["version"] === properties["server's version"];
}
