import { ScriptError } from "@org/exit-codes";

/** Which versions will do: all comparators must hold. */
export interface VersionRange {
  /** As it was written. */
  readonly text: string;
  readonly comparators: readonly VersionComparator[];
}

export interface VersionComparator {
  readonly operator: ">=" | ">" | "<=" | "<" | "=";
  readonly version: string;
}

/**
 * Reads a range such as ">=1.3", ">=0.5 <0.8" or ">=3, <4". A version alone means exactly that one, as in
 * CREATE EXTENSION ... VERSION. Throws a ScriptError (configuration).
 */
export function parseVersionRange(text: string): VersionRange {
  const comparators: VersionComparator[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const [whole, operator, version] = comparatorPattern.exec(rest) ?? [];
    if (whole === undefined || version === undefined) throw unreadable(text, rest);
    comparators.push({ operator: (operator || "=") as VersionComparator["operator"], version });
    rest = rest.slice(whole.length);
  }
  if (comparators.length === 0) throw unreadable(text, "nothing");
  return { text: text.trim(), comparators };
}

// A version such as 1.x, which other tools read as a range, is refused rather than compared as a name.
const comparatorPattern = /^(>=|<=|>|<|=|)\s*(?!\S*\.x(?:[.,\s]|$))(\d[\w.+~-]*)(?:\s*,\s*(?=\S)|\s+|$)/iu;

function unreadable(text: string, at: string): ScriptError {
  return new ScriptError("configuration", `the version range ${JSON.stringify(text)} cannot be read at ${JSON.stringify(at)}`, {
    hint: 'Write comparators (>=, >, <=, <, =) with versions, such as ">=1.3" or ">=0.5 <0.8"; a version alone means exactly that one.',
  });
}

/** Whether the version is in the range; one that is no number, such as "unpackaged", is in none. */
export function satisfies(version: string, range: VersionRange | undefined): boolean {
  if (range === undefined) return true;
  return range.comparators.every((comparator) => holds(version, comparator));
}

function holds(version: string, { operator, version: limit }: VersionComparator): boolean {
  const order = compareVersions(version, limit);
  if (order === undefined) return false;
  const answers = { ">=": order >= 0, ">": order > 0, "<=": order <= 0, "<": order < 0, "=": order === 0 };
  return answers[operator];
}

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b`; undefined when one of them does not begin with a number.
 * Numbers compare as numbers, missing ones are 0, and a word marks what comes before the release: 1.1.0dev < 1.1 = 1.1.0 < 1.10.
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [parts(a), parts(b)];
  if (left === undefined || right === undefined) return undefined;
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const order = compareParts(left[i] ?? 0, right[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

function parts(version: string): (number | string)[] | undefined {
  if (!/^\d/u.test(version)) return undefined;
  return (version.toLowerCase().match(/\d+|[a-z]+/gu) ?? []).map((part) => (/\d/u.test(part) ? Number(part) : part));
}

function compareParts(a: number | string, b: number | string): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : 1;
  if (typeof b === "number") return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Oldest first; those that are no number are left out. */
export function sortVersions(versions: readonly string[]): string[] {
  return versions.filter((version) => parts(version) !== undefined).toSorted((a, b) => compareVersions(a, b)!);
}
