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
    [{ property: "comment" }, ["app.tmp_1", "app.users.note", "app.users_idx"]],
    [{ name: "app" }, []],
  ])("%j leaves %j", (rule, left) => {
    expect(applyIgnoreRules(differences, [{ ...rule, reason: "known" }]).differences.map(({ object }) => object)).toEqual(left);
  });

  test("a property is accepted alone, with any text for a star", () => {
    const changed = (property: string): Difference => ({ ...difference("table", "app.users"), change: "changed", property });
    const both = [changed("grants to reader"), changed("persistence")];
    const { differences: left, unusedRules } = applyIgnoreRules(both, [{ property: "grants to *", reason: "the night job grants" }]);
    expect(left).toEqual([both[1]]);
    expect(unusedRules).toEqual([]);
  });

  test("a rule that accepts nothing is told, also beside one that accepts the same first", () => {
    const rules = [{ kind: "tabel", reason: "a slip" }, { name: "app.*", reason: "all" }, { kind: "index", name: "app.users_idx", reason: "the same again" }];
    expect(applyIgnoreRules(differences, rules).unusedRules).toEqual(["kind tabel (a slip)"]);
  });

  test("the history of another migration tool is accepted when it is extra", () => {
    const history = difference("table", "public._prisma_migrations");
    expect(applyIgnoreRules([history], []).ignored).toEqual([{ difference: history, reason: "the history of another migration tool" }]);
    expect(applyIgnoreRules([{ ...history, change: "missing" }], []).differences).toHaveLength(1);
  });
});
