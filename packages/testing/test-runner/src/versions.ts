/** Whether a version is in a range of package.json's `engines`; undefined for a range that cannot be read. */
export function inRange(version: string, range: string): boolean | undefined {
  const alternatives = range.split("||").map((text) => text.trim().replaceAll(/([<>=^~]+)\s+/g, "$1").split(/\s+/).map(comparatorOf));
  if (alternatives.flat().includes(undefined)) return undefined;
  return alternatives.some((comparators) => comparators.every((comparator) => comparator?.(numbersOf(version))));
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a: string, b: string): number {
  return compare(numbersOf(a), numbersOf(b));
}

type Numbers = readonly number[];

function comparatorOf(text: string): ((version: Numbers) => boolean) | undefined {
  if (text === "*" || text === "") return () => true;
  const [, operator = "", written] = /^(>=|<=|>|<|=|\^|~|)v?(\d+(?:\.(?:\d+|x|\*)){0,2})$/.exec(text) ?? [];
  if (written === undefined) return undefined;
  const given = written.split(".").filter((part) => /^\d+$/.test(part)).map(Number);
  const [low, next] = [padded(given), padded(bumped(given, operator))];
  const answers: Readonly<Record<string, (version: Numbers) => boolean>> = {
    ">=": (version) => compare(version, low) >= 0,
    "<": (version) => compare(version, low) < 0,
    ">": (version) => compare(version, next) >= 0,
    "<=": (version) => compare(version, next) < 0,
  };
  return answers[operator] ?? ((version) => compare(version, low) >= 0 && compare(version, next) < 0);
}

/** The first version beyond what is meant: "22" and "^22.1" end at 23, "~22.1" and "22.1" at 22.2, "22.1.3" at 22.1.4. */
function bumped(given: Numbers, operator: string): number[] {
  const kept = operator === "^" ? 1 : operator === "~" ? Math.min(given.length, 2) : given.length;
  return given.slice(0, kept).map((part, index) => (index === kept - 1 ? part + 1 : part));
}

function padded(parts: Numbers): Numbers {
  return [0, 1, 2].map((index) => parts[index] ?? 0);
}

function numbersOf(version: string): Numbers {
  return padded((/\d+(?:\.\d+){0,2}/.exec(version)?.[0] ?? "0").split(".").map(Number));
}

function compare(a: Numbers, b: Numbers): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index === -1 ? 0 : a[index]! - b[index]!;
}
