import { expect, test } from "vitest";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "./index.ts";

test("quotes names", () => {
  expect(quoteIdentifier("plain")).toBe('"plain"');
  expect(quoteIdentifier('"; drop table x; --')).toBe('"""; drop table x; --"');
  expect(qualifiedName("my schema", "t")).toBe('"my schema"."t"');
});

test("quotes constants", () => {
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("a\\'b")).toBe(" E'a\\\\''b'");
});

test("refuses what SQL cannot hold", () => {
  expect(() => quoteIdentifier("")).toThrow(RangeError);
  expect(() => quoteIdentifier("a\0b")).toThrow(RangeError);
  expect(() => quoteLiteral("a\0b")).toThrow(RangeError);
});
