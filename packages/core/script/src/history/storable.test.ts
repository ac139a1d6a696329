import { expect, test } from "vitest";
import { storable } from "./insert-run.ts";

test("what jsonb refuses is replaced, in values and keys at any depth", () => {
  expect(storable({ "a\0": ["x\ud800y", { b: "\udc00" }] })).toEqual({ "a\uFFFD": ["x\uFFFDy", { b: "\uFFFD" }] });
});

test("everything else stays as it is", () => {
  const value = { text: "Zoë 😀 \\u0000 \u0001", number: 1.5, flag: true, nothing: null, list: [] };
  expect(storable(value)).toEqual(value);
});
