import type { Difference, Kind } from "@org/postgres/schema";
import { describe, expect, test } from "vitest";
import { applyIgnoreRules } from "./ignore.ts";

describe("applyIgnoreRules", () => {
  const difference = (kind: Kind, object: string): Difference => ({ kind, object, change: "extra", property: null, expected: null, found: null, severity: "behaviour" });
  const differences = [difference("table", "app.tmp_1"), difference("column", "app.users.note"), difference("index", "app.users_idx")];

  test.each([
    [{ name: "app.tmp_*" }, ["app.users.note", "app.users_idx"]],
    [{ name: "app.users" }, ["app.tmp_1", "app.users_idx"]],
    [{ kind: "index" }, ["app.tmp_1", "app.users.note"]],
    [{ kind: "table", name: "app.users" }, ["app.tmp_1", "app.users.note", "app.users_idx"]],
    [{ name: "app" }, []],
  ])("%j leaves %j", (rule, left) => {
    expect(applyIgnoreRules(differences, [{ ...rule, reason: "known" }]).differences.map(({ object }) => object)).toEqual(left);
  });

  test("the history of another migration tool is accepted when it is extra", () => {
    const history = difference("table", "public._prisma_migrations");
    expect(applyIgnoreRules([history], []).ignored).toEqual([{ difference: history, reason: "the history of another migration tool" }]);
    expect(applyIgnoreRules([{ ...history, change: "missing" }], []).differences).toHaveLength(1);
  });
});
