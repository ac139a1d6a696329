import { expect, test } from "vitest";
import { locate, toOffset } from "./locate.ts";

test("line, column and caret count characters, also outside of ASCII", () => {
  const sql = "select '京都';\r\n\tselect '🚆' fromm t;\n";
  expect(locate(sql, sql.indexOf("fromm"))).toEqual({ line: 2, column: 13, excerpt: "\tselect '🚆' fromm t;\n\t           ^" });
  expect(toOffset("'🚆' x", 5)).toBe("'🚆' ".length);
});

test("a long line is cut around the place", () => {
  const { excerpt, column } = locate(`${"x".repeat(500)}!${"y".repeat(500)}`, 500);
  const [shown, caret] = excerpt.split("\n") as [string, string];
  expect(column).toBe(501);
  expect(shown[caret.indexOf("^")]).toBe("!");
  expect(shown.length).toBeLessThan(130);
});

test("a password is masked and the caret still stands right", () => {
  const sql = "create role r password 'se''cret' loginn";
  const [shown, caret] = locate(sql, sql.indexOf("loginn")).excerpt.split("\n") as [string, string];
  expect(shown).toBe("create role r password '********' loginn");
  expect(caret.indexOf("^")).toBe(sql.indexOf("loginn"));
});

test("the first and the last character", () => {
  expect(locate("x", 0)).toEqual({ line: 1, column: 1, excerpt: "x\n^" });
  expect(locate("x\n", 2)).toEqual({ line: 2, column: 1, excerpt: "\n^" });
});
