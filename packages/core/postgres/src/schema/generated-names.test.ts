import { describe, expect, test } from "vitest";
import { pairGeneratedNames, withExpectedSequences, withoutGeneratedName } from "./generated-names.ts";
import type { Fact, Kind } from "./model.ts";

function fact(kind: Kind, name: string, properties: Record<string, string>, parent = "public.t"): Fact {
  return { kind, name, parent, properties };
}

function pairs(missing: readonly Fact[], extra: readonly Fact[]): readonly string[] {
  return [...pairGeneratedNames(missing, extra).paired].map(({ name }) => name);
}

describe("pairGeneratedNames", () => {
  test.each<[Kind, string, string, Record<string, string>]>([
    ["constraint", "public.t.t_pkey", "public.t.old_pkey", { definition: "PRIMARY KEY (id)" }],
    ["constraint", "public.t.t_a_fkey", "public.t.t_a_fkey1", { definition: "FOREIGN KEY (a) REFERENCES u(id)" }],
    ["constraint", 'public.t."T_check"', 'public.t."T_check2"', { definition: "CHECK (a)" }],
    ["index", "public.t_a_idx", "public.t_a_idx7", { definition: "USING btree (a)" }],
    ["sequence", "public.t_id_seq", "public.t_id_seq1", { "owned by": "public.t.id" }],
  ])("pairs a %s %s with %s", (kind, one, other, properties) => {
    expect(pairs([fact(kind, one, properties)], [fact(kind, other, properties)])).toEqual([one, other]);
  });

  test.each<[string, Fact, Fact]>([
    ["of another table", fact("index", "public.t_a_idx", {}), fact("index", "public.u_a_idx", {}, "public.u")],
    ["of another kind", fact("index", "public.t_a_key", {}), fact("constraint", "public.t_a_key", {})],
    ["that differ otherwise", fact("index", "public.t_a_idx", { definition: "(a)" }), fact("index", "public.t_a_idx1", { definition: "(b)" })],
    ["with a name of its own on one side", fact("index", "public.t_a_idx", {}), fact("index", "public.by_a", {})],
    ["sequences that no column owns", fact("sequence", "public.t_id_seq", {}), fact("sequence", "public.t_id_seq1", {})],
    ["columns", fact("column", "public.t.a_key", {}), fact("column", "public.t.b_key", {})],
  ])("pairs nothing %s", (_, one, other) => {
    expect(pairs([one], [other])).toEqual([]);
  });

  test("each has one counterpart at most", () => {
    const index = (name: string): Fact => fact("index", name, { definition: "(a)" });
    expect(pairs([index("public.t_a_idx")], [index("public.t_a_idx1"), index("public.t_a_idx2")])).toEqual(["public.t_a_idx", "public.t_a_idx1"]);
  });

  test("a partition's index pairs where only the generated name of its parent differs", () => {
    const index = (name: string, parents: string): Fact => fact("index", name, { parents });
    expect(pairs([index("public.p_a_idx", "public.t_a_idx")], [index("public.p_a_idx1", "public.t_a_idx1")])).toHaveLength(2);
    expect(pairs([index("public.p_a_idx", "public.by_a")], [index("public.p_a_idx1", "public.by_b")])).toEqual([]);
  });

  test("a default of a renamed sequence is read under the expected name", () => {
    const [expected, found] = ["public.t_id_seq", "public.old's_id_seq"].map((name) => fact("sequence", name, { "owned by": "public.t.id" })) as [Fact, Fact];
    const { sequences } = pairGeneratedNames([expected], [found]);
    expect(withExpectedSequences("nextval('public.old''s_id_seq'::regclass)", sequences)).toBe("nextval('public.t_id_seq'::regclass)");
    expect(withExpectedSequences("nextval('public.other_seq'::regclass)", sequences)).toBe("nextval('public.other_seq'::regclass)");
  });
});

test("only a name that Postgres made means nothing", () => {
  expect(withoutGeneratedName("public.t_a_idx")).toBe(withoutGeneratedName("public.t_a_idx12"));
  expect(withoutGeneratedName("public.by_name")).toBe("public.by_name");
});
