import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test("a text cannot forge a line of the log, and keeps everything else", () => {
  expect(printable("1_a.sql\n[ERROR] \u001B[31m\u2028x\u009B")).toBe("1_a.sql\\u000a[ERROR] \\u001b[31m\\u2028x\\u009b");
  expect(printable("1_größe 京.sql")).toBe("1_größe 京.sql");
});
