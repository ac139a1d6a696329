import { describe, expect, test } from "vitest";
import { withoutNeedlessPrefix } from "./view-definition.ts";

describe("the name of the only relation goes", () => {
  test.each([
    [" SELECT t.id,\n    t.name\n   FROM t;", " SELECT id,\n    name\n   FROM t;"],
    ["SELECT t.id FROM app.t WHERE t.active GROUP BY t.id ORDER BY t.id", "SELECT id FROM app.t WHERE active GROUP BY id ORDER BY id"],
    ["SELECT x.id FROM t x WHERE x.a = 't.b'::text", "SELECT id FROM t x WHERE a = 't.b'::text"],
    ['SELECT "T 1"."a b" FROM "T 1"', 'SELECT "a b" FROM "T 1"'],
    ["SELECT count(t.id) AS n FROM t", "SELECT count(id) AS n FROM t"],
  ])("%s", (before, after) => {
    expect(withoutNeedlessPrefix(before)).toBe(after);
  });
});

describe("it stays", () => {
  test.each([
    ["in a join", "SELECT t.id FROM t JOIN u ON u.id = t.id"],
    ["with two relations", "SELECT t.id FROM t, u"],
    ["in a union", "SELECT t.id FROM t UNION SELECT u.id FROM u"],
    ["without a relation", "SELECT 1 AS id"],
    ["before a function of that schema", "SELECT t.f(1) AS f FROM t"],
    ["before a type of that schema", "SELECT id::t.mood AS m FROM t"],
    ["where it is another one's name", "SELECT other.id FROM t"],
  ])("%s", (_, definition) => {
    expect(withoutNeedlessPrefix(definition)).toBe(definition);
  });
});

test("in a subquery it stays, around it it goes", () => {
  expect(withoutNeedlessPrefix("SELECT t.id FROM t WHERE (EXISTS ( SELECT 1 FROM u WHERE u.id = t.id))")).toBe("SELECT id FROM t WHERE (EXISTS ( SELECT 1 FROM u WHERE u.id = t.id))");
});
