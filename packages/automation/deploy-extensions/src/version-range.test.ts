import { expect, test } from "vitest";
import { compareVersions, parseVersionRange, satisfies, sortVersions } from "./version-range.ts";

test.each([
  [">=1.3", ["1.3", "1.3.0", "1.10", "2"], ["1.2", "1.2.9", "1.3dev", "unpackaged"]],
  [">= 0.5 <0.8", ["0.5", "0.7.4"], ["0.4.9", "0.8", "0.8.0"]],
  [">=3, <4", ["3.4.2", "3.6.0rc1"], ["4", "2.5"]],
  [">3.4.2", ["3.4.3", "3.5"], ["3.4.2", "3.4"]],
  ["<=1.1.0", ["1.1", "1.1.0dev"], ["1.1.1"]],
  ["1.3", ["1.3", "1.3.0"], ["1.4", "1.3.1", "1.2"]],
  ["=1.1.0dev", ["1.1.0dev"], ["1.1.0", "1.1.0rc1"]],
])("%s", (text, inside, outside) => {
  const range = parseVersionRange(text);
  expect(inside.filter((version) => !satisfies(version, range))).toEqual([]);
  expect(outside.filter((version) => satisfies(version, range))).toEqual([]);
});

test("without a range every version will do", () => {
  expect(satisfies("unpackaged", undefined)).toBe(true);
});

test.each(["", "  ", "latest", ">=", "^1.3", "~1.3", "1.x", ">=1.X <2", ">=1.3 or 2", "1.3,", ">=1,,<2", "*"])("no range: %j", (text) => {
  expect(() => parseVersionRange(text)).toThrow(/cannot be read/u);
});

test("versions are ordered by number, not by text", () => {
  expect(sortVersions(["1.10", "1.9", "unpackaged", "1.2", "1.10dev", "ANY", "1.10.1", "2"])).toEqual(["1.2", "1.9", "1.10dev", "1.10", "1.10.1", "2"]);
  expect(compareVersions("1.0", "1.0.0")).toBe(0);
  expect(compareVersions("ANY", "1.0")).toBeUndefined();
});
