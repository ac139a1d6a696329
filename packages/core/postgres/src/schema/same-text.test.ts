import { describe, expect, test } from "vitest";
import { withCastElements } from "./array-coercion.ts";
import type { Kind } from "./model.ts";
import { isSameText } from "./same-text.ts";

function isSame(kind: Kind, property: string, before: string, after: string): boolean {
  return isSameText({ kind, name: "statement_timeout of app" }, property, [before, after]);
}

describe("the same in other words", () => {
  test.each<[Kind, string, string, string]>([
    ["table", "options", "autovacuum_enabled=true, fillfactor=70", "autovacuum_enabled=on, fillfactor=70"],
    ["view", "options", "security_barrier=true, security_invoker=off", "security_barrier=1, security_invoker=false"],
    ["table", "toast options", "autovacuum_vacuum_scale_factor=0.05", "autovacuum_vacuum_scale_factor=0.050"],
    ["index", "definition", "ON t USING btree (a) WITH (fillfactor='70', deduplicate_items=off) WHERE (a > 0)", "ON t USING btree (a) WITH (deduplicate_items='false', fillfactor='70') WHERE (a > 0)"],
    ["trigger", "definition", 'CREATE TRIGGER t BEFORE UPDATE OF a, "b, c" ON x EXECUTE FUNCTION f()', 'CREATE TRIGGER t BEFORE UPDATE OF "b, c", a ON x EXECUTE FUNCTION f()'],
    ["statistics", "definition", 'CREATE STATISTICS s (mcv) ON a, "b, c", lower(d) FROM t', 'CREATE STATISTICS s (mcv) ON "b, c", a, lower(d) FROM t'],
    ["statistics", "definition", "CREATE STATISTICS s ON a, b FROM t", "CREATE STATISTICS s ON b, a FROM t"],
    ["setting", "value", "45s", "45000"],
    ["setting", "value", "1min", "60s"],
    ["function", "settings", "lock_timeout=2s, search_path='a, b'", "lock_timeout=2000, search_path='a, b'"],
    ["text search dictionary", "options", "language = 'german', stopwords = 'a, b = c'", "stopwords = 'a, b = c', language = 'german'"],
    ["constraint", "definition", "CHECK (((s)::text = ANY ((ARRAY['a, '']'::character varying, 'b'::character varying])::text[])))", "CHECK (((s)::text = ANY (ARRAY[('a, '']'::character varying)::text, ('b'::character varying)::text])))"],
    ["constraint", "definition", "CHECK (((s)::text = ANY ((ARRAY['a'::character varying])::text[])))", "CHECK (((s)::text = ANY (ARRAY['a'::text])))"],
    ["column", "default", "(ARRAY[(1 + 2), f(x)])::numeric(10,2)[]", "ARRAY[(1 + 2)::numeric(10,2), (f(x))::numeric(10,2)]"],
  ])("%s %s: %s", (kind, property, before, after) => {
    expect(isSame(kind, property, before, after)).toBe(true);
    expect(isSame(kind, property, after, before)).toBe(true);
  });
});

describe("another meaning", () => {
  test.each<[Kind, string, string, string]>([
    ["table", "options", "fillfactor=70", "fillfactor=71"],
    ["table", "options", "fillfactor=70", "fillfactor=70, autovacuum_enabled=true"],
    ["foreign server", "options", "updatable=true", "updatable=on"],
    ["index", "definition", "ON t USING btree (a) WITH (fillfactor='70')", "ON t USING btree (b) WITH (fillfactor='70')"],
    ["index", "definition", "ON t USING gin (a) WITH (fastupdate=off)", "ON t USING gin (a) WITH (fastupdate='true')"],
    ["trigger", "definition", "CREATE TRIGGER t BEFORE UPDATE OF a, b ON x", "CREATE TRIGGER t BEFORE UPDATE OF a, c ON x"],
    ["statistics", "definition", "CREATE STATISTICS s ON a, b FROM t", "CREATE STATISTICS s ON a, c FROM t"],
    ["statistics", "definition", "CREATE STATISTICS s ON lower, b(x) FROM t", "CREATE STATISTICS s ON b, lower(x) FROM t"],
    ["setting", "value", "45s", "45min"],
    ["setting", "value", "5MB", "5s"],
    ["text search dictionary", "options", "language = 'german'", "language = 'english'"],
    ["constraint", "definition", "CHECK ((s = ANY ((ARRAY['a'::character varying])::text[])))", "CHECK ((s = ANY (ARRAY['b'::text])))"],
  ])("%s %s: %s", (kind, property, before, after) => {
    expect(isSame(kind, property, before, after)).toBe(false);
  });
});

test("a cast within a cast, and what is no cast of an array", () => {
  expect(withCastElements("(ARRAY[(ARRAY['a'::text])::varchar[]])::text[]")).toBe("ARRAY[(ARRAY[('a'::text)::varchar])::text]");
  for (const text of ["(ARRAY[1, 2])", "(ARRAY['x'", "'(ARRAY[1])::text[]'", "f((ARRAY[1])[1])"]) expect(withCastElements(text)).toBe(text);
});
