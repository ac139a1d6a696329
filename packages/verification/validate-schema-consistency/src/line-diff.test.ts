import { describe, expect, test } from "vitest";
import { diffLines, hunks } from "./line-diff.ts";

function shown(before: string, after: string): string[] {
  return diffLines(before, after).map(({ sign, text }) => sign + text);
}

describe("diffLines", () => {
  test.each([
    ["a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
    ["a\nb\nc\nd", "b\nc\ne\nd", ["-a", " b", " c", "+e", " d"]],
    ["a", "a\na", [" a", "+a"]],
    ["a\na", "a", [" a", "-a"]],
    ["", "a", ["-", "+a"]],
    ["same", "same", [" same"]],
  ])("%j and %j", (before, after, lines) => {
    expect(shown(before, after)).toEqual(lines);
  });

  test("of very long texts the changed part is told whole", () => {
    const long = (sign: string): string => ["head", ...Array.from({ length: 2_500 }, (_, index) => `${sign}${index}`), "tail"].join("\n");
    const lines = diffLines(long("a"), long("b"));
    expect(lines.filter(({ sign }) => sign === "-")).toHaveLength(2_500);
    expect(lines[0]).toEqual({ sign: " ", text: "head" });
  });
});

test("hunks leave out what is far from a change", () => {
  const text = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const changed = text.with(10, "other");
  expect(hunks(diffLines(text.join("\n"), changed.join("\n"))).map(({ sign, text: line }) => sign + line)).toEqual([
    " line 8", " line 9", "-line 10", "+other", " line 11", " line 12", " …",
  ]);
});
