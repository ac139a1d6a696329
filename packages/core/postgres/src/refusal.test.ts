import { expect, test } from "vitest";
import { readRefusal } from "./refusal.ts";

function serverError(code: string, facts: object = {}): Error {
  return Object.assign(new Error("no"), { severity: "ERROR", code, ...facts });
}

test("the parts of a refusal and its place", () => {
  const sql = "SELECT 1;\n  SELEC 2;";
  expect(readRefusal(serverError("42601", { detail: "d", where: "function f" }), { sql, offset: sql.indexOf("SELEC 2") })).toEqual({
    sqlState: "42601",
    message: "no",
    detail: "d",
    hint: null,
    context: "function f",
    line: 2,
    column: 3,
    excerpt: "  SELEC 2;\n  ^",
    code: "checkFailed",
  });
  expect(readRefusal(serverError("42601"))).toMatchObject({ line: null, column: null, excerpt: null });
});

test.each([["42501", "permission"], ["55P03", "timedOut"], ["57014", "timedOut"], ["57P01", "connection"], ["08006", "connection"], ["23505", "checkFailed"]])(
  "SQLSTATE %s ends with %s",
  (sqlState, code) => {
    expect(readRefusal(serverError(sqlState))?.code).toBe(code);
  },
);

test("what no server said is no refusal", () => {
  expect(readRefusal(new Error("no"))).toBeUndefined();
  expect(readRefusal(Object.assign(new Error("no"), { code: "ECONNRESET" }))).toBeUndefined();
});
