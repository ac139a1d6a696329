import { expect, test } from "vitest";
import { readRecords } from "./records.ts";

test.each([
  ["plain fields, and nothing for null", "(a,,text)", { name: "a", type: "text" }],
  ["an empty text is no null", '(a,"",)', { name: "a", comment: "" }],
  ["signs of the notation and line breaks in quotes", '("a,b","(c)\nd","e f")', { name: "a,b", comment: "(c)\nd", type: "e f" }],
  ["doubled quotes and backslashes", String.raw`("""a""","\\d+\\\\","""")`, { name: '"a"', comment: String.raw`\d+\\`, type: '"' }],
  ["signs beyond ASCII", "(ü,漢字,🐘)", { name: "ü", comment: "漢字", type: "🐘" }],
])("%s", (_, text, row) => {
  expect(readRecords(text, ["name", "comment", "type"])).toEqual([row]);
});

test("one record on each line", () => {
  expect(readRecords('(a,"x\ny")\n(b,)', ["name", "comment"])).toEqual([{ name: "a", comment: "x\ny" }, { name: "b" }]);
});

test("privileges and lists", () => {
  const text = String.raw`(a,"{me=arwdDxt/me,""\\""od\\\\d, one\\""=r/me""}","[""me"",""""]")` + "\n(b,{},)";
  expect(readRecords(text, ["name", "acl", "to roles"])).toEqual([{ name: "a", acl: ["me=arwdDxt/me", String.raw`"od\d, one"=r/me`], "to roles": ["me", ""] }, { name: "b", acl: [] }]);
});

test.each(["(a", '(a,"b', '(a,"b""', "(a,b", "(a)\n", "(a,b,c)\n", "(a,b)\n(a"])("a list that is cut off, or has another number of fields, is an error: %j", (text) => {
  expect(() => readRecords(text, ["name", "comment"])).toThrow(/the server's list of objects cannot be read at character \d+/u);
});
