import { describe, expect, test } from "vitest";
import { inCommonWords } from "./across-versions.ts";
import type { Fact, Kind, Snapshot } from "./model.ts";

function snapshot(serverVersion: number, ...facts: readonly Fact[]): Snapshot {
  return { serverVersion, clusterWide: true, facts, unread: [] };
}

function fact(kind: Kind, name: string, properties: Record<string, string>, origin?: string): Fact {
  return { kind, name, parent: undefined, properties, ...(origin !== undefined && { origin }) };
}

/** The facts of one version as they are compared with those of another. */
function told(version: number, other: number, ...facts: readonly Fact[]): readonly Fact["properties"][] {
  return inCommonWords(snapshot(version, ...facts), snapshot(other)).facts.map(({ properties }) => properties);
}

test("servers of one major version are compared word by word", () => {
  const one = snapshot(170_001, fact("table", "public.t", { "grants to a": "MAINTAIN" }));
  expect(inCommonWords(one, snapshot(170_006))).toBe(one);
});

describe("before and after 15", () => {
  const fresh = { owner: "postgres", "grants to its owner": "CREATE, USAGE", "grants to public": "CREATE, USAGE", comment: "mine" };

  test("the schema public as initdb made it says nothing of owner and grants", () => {
    expect(told(140_000, 150_000, fact("schema", "public", fresh))).toEqual([{ comment: "mine" }]);
    expect(told(150_000, 140_000, fact("schema", "public", { ...fresh, owner: "pg_database_owner", "grants to public": "USAGE" }))).toEqual([{ comment: "mine" }]);
  });

  test("one that somebody changed, and another schema, say all", () => {
    const shut = { ...fresh, "grants to public": "USAGE" };
    expect(told(140_000, 150_000, fact("schema", "public", shut), fact("schema", "app", fresh))).toEqual([shut, fresh]);
  });
});

test("before and after 16 a view of one relation names it or not", () => {
  const view = fact("view", "public.v", { definition: " SELECT t.id\n   FROM t;" });
  const rule = fact("rule", "public.v.r", { definition: "SELECT t.id FROM t" });
  expect(told(150_000, 160_000, view, rule)).toEqual([{ definition: " SELECT id\n   FROM t;" }, rule.properties]);
  expect(told(160_000, 170_000, view)).toEqual([view.properties]);
});

describe("before and after 17", () => {
  test("MAINTAIN is no privilege, and who holds nothing else holds none", () => {
    const table = fact("table", "public.t", { "grants to a": "INSERT, MAINTAIN with grant option, SELECT", "grants to b": "MAINTAIN", "grants to c": "", form: "ordinary" });
    expect(told(180_000, 160_000, table)).toEqual([{ "grants to a": "INSERT, SELECT", "grants to c": "", form: "ordinary" }]);
    expect(told(180_000, 170_000, table)).toEqual([table.properties]);
  });

  test("only the columns of partitions lose their identity", () => {
    const identity = { type: "bigint", identity: "always", "identity sequence": "bigint start 1" };
    expect(told(170_000, 160_000, fact("column", "public.p.id", identity, "public.t.id"), fact("column", "public.t.id", identity))).toEqual([{ type: "bigint" }, identity]);
  });
});

test("before and after 18 the streaming of a subscription is left out", () => {
  const subscription = { streaming: "parallel", enabled: "true" };
  expect(told(180_000, 170_000, fact("subscription", "s", subscription), fact("publication", "p", subscription))).toEqual([{ enabled: "true" }, subscription]);
});
