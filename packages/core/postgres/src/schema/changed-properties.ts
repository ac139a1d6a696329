import { withExpectedSequences, withoutGeneratedName, type Renamed } from "./generated-names.ts";
import type { Difference, Fact } from "./model.ts";
import { severityOf } from "./severity.ts";

/** Told for those who read a report or write a table again; the server's own, the order of columns and what follows from inheritance are no difference. */
const notCompared: ReadonlySet<string> = new Set(["server's version", "position", "inherited"]);

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
  // What a table inherits follows from its parents, and those are told.
  if (property === "local") return before === undefined || after === undefined;
  if (before === undefined || after === undefined) return false;
  if (expected.kind === "column" && property === "default") return withExpectedSequences(after, sequences) === before;
  if (expected.kind === "index" && property === "parents") return withoutGeneratedName(before) === withoutGeneratedName(after);
  // Migrations may make it without data, and somebody fills it.
  if (property === "populated") return before === "false";
  return expected.kind === "extension" && property === "version" && [expected, found].every(isServersVersion);
}

/** Nothing asks for a version, and each server gives its own. */
function isServersVersion({ properties }: Fact): boolean {
  return properties["version"] === properties["server's version"];
}
