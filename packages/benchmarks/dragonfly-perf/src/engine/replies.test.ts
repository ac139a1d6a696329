import { expect, test } from "vitest";
import type { Expectation } from "./load-plan.ts";
import { compile, createReplyCounts } from "./expectations.ts";
import { createReplyScanner, scan } from "./replies.ts";

const value: Expectation = { kinds: ["bulk"], nullIsMiss: true, length: { min: 3, max: 3 } };
const status: Expectation = { kinds: ["status"], nullIsMiss: false };
const list: Expectation = { kinds: ["array"], nullIsMiss: false };
const number: Expectation = { kinds: ["integer"], nullIsMiss: false };
const decimal: Expectation = { kinds: ["double", "boolean"], nullIsMiss: false };

interface Case {
  readonly name: string;
  readonly text: string;
  readonly expect: Expectation;
  readonly found: readonly [ok: number, misses: number, wrong: number];
  readonly errors?: Readonly<Record<string, { readonly count: number; readonly text: string }>>;
}

const cases: readonly Case[] = [
  { name: "a value", text: "$3\r\nabc\r\n", expect: value, found: [1, 0, 0] },
  { name: "a value of line breaks", text: "$3\r\n\r\n-\r\n", expect: value, found: [1, 0, 0] },
  { name: "a value of another length", text: "$4\r\nabcd\r\n", expect: value, found: [0, 0, 1] },
  { name: "an empty value where there must be one", text: "$0\r\n\r\n", expect: value, found: [0, 0, 1] },
  { name: "a missed key", text: "$-1\r\n", expect: value, found: [0, 1, 0] },
  { name: "a missed key in RESP3", text: "_\r\n", expect: value, found: [0, 1, 0] },
  { name: "a null where there is none", text: "$-1\r\n", expect: status, found: [0, 0, 1] },
  { name: "OK", text: "+OK\r\n", expect: status, found: [1, 0, 0] },
  { name: "a number for a value", text: ":3\r\n", expect: value, found: [0, 0, 1] },
  { name: "numbers", text: ":-12\r\n:0\r\n(3492890328409238509324850943850943825024385\r\n", expect: number, found: [3, 0, 0] },
  { name: "errors by kind", text: "-OOM command not allowed\r\n-ERR no\r\n-ERR not so\r\n-\r\n", expect: value, found: [0, 0, 0], errors: { OOM: { count: 1, text: "OOM command not allowed" }, ERR: { count: 2, text: "ERR no" }, error: { count: 1, text: "" } } },
  { name: "a blob error", text: "!7\r\nERR bad\r\n", expect: value, found: [0, 0, 0], errors: { BLOB: { count: 1, text: "BLOB error" } } },
  { name: "lists in lists", text: "*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n*0\r\n", expect: list, found: [1, 0, 0] },
  { name: "an empty list", text: "*0\r\n", expect: list, found: [1, 0, 0] },
  { name: "a null list", text: "*-1\r\n", expect: list, found: [0, 0, 1] },
  { name: "a map with a set", text: "%2\r\n+a\r\n~1\r\n:1\r\n+b\r\n_\r\n", expect: list, found: [1, 0, 0] },
  { name: "a list for a value", text: "*1\r\n$3\r\nabc\r\n", expect: value, found: [0, 0, 1] },
  { name: "doubles and booleans", text: ",1.5\r\n,-inf\r\n#t\r\n", expect: decimal, found: [3, 0, 0] },
  { name: "a verbatim text", text: "=7\r\ntxt:abc\r\n", expect: { kinds: ["bulk"], nullIsMiss: true }, found: [1, 0, 0] },
  { name: "an attribute before a value", text: "|1\r\n+ttl\r\n:5\r\n$3\r\nabc\r\n", expect: value, found: [1, 0, 0] },
  { name: "a push between replies", text: "$3\r\nabc\r\n>2\r\n+message\r\n$1\r\nx\r\n$3\r\nabc\r\n", expect: value, found: [2, 0, 0] },
];

test.each(cases)("reads $name, whole and in pieces of every size", ({ text, expect: expectation, found, errors = {} }) => {
  for (let size = 1; size <= text.length; size++) {
    const counts = createReplyCounts();
    const scanner = createReplyScanner({ expectations: [compile(expectation)], counts: [counts], commands: new Uint16Array(4) });
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; from += size) scan(scanner, bytes.subarray(from, from + size), Math.min(size, bytes.length - from));
    expect([counts.ok, counts.misses, counts.wrong, Object.fromEntries(counts.errors)], `in pieces of ${size}`).toEqual([...found, errors]);
    expect([scanner.missing, scanner.isBroken]).toEqual([0, false]);
  }
});

test("says when bytes are no RESP", () => {
  const scanner = createReplyScanner({ expectations: [compile(value)], counts: [createReplyCounts()], commands: new Uint16Array(1) });
  const bytes = Buffer.from("HTTP/1.1 400 Bad Request\r\n");
  expect([scan(scanner, bytes, bytes.length), scanner.isBroken]).toEqual([0, true]);
});
