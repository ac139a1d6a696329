import { describe, expect, test } from "vitest";
import { compareSnapshots as compare } from "./compare.ts";
import type { Difference, Fact, Kind, Snapshot } from "./model.ts";

function snapshot(...facts: readonly Fact[]): Snapshot {
  return { serverVersion: 150_000, clusterWide: true, facts, unread: [] };
}

function compareSnapshots(expected: Snapshot, found: Snapshot): readonly Difference[] {
  return compare(expected, found).differences;
}

function fact(kind: Kind, name: string, properties: Record<string, string> = {}, parent?: string): Fact {
  return { kind, name, properties, parent };
}

const told = (differences: readonly Difference[]): readonly string[] => differences.map(({ kind, object, change, property }) => `${kind} ${object} ${property ?? change}`);

describe("compareSnapshots", () => {
  test("tells a missing table once, not its parts", () => {
    const parts = [fact("table", "a.t"), fact("column", "a.t.id", {}, "a.t"), fact("policy", "a.t.p", {}, "a.t")];
    expect(told(compareSnapshots(snapshot(...parts), snapshot()))).toEqual(["table a.t missing"]);
    expect(told(compareSnapshots(snapshot(), snapshot(...parts)))).toEqual(["table a.t extra"]);
  });

  test("does not depend on the order of the facts", () => {
    const [a, b] = [fact("table", "a"), fact("table", "b")];
    expect(compareSnapshots(snapshot(a, b), snapshot(b, a))).toEqual([]);
  });

  test("pairs constraints that differ only in a name that Postgres made", () => {
    const check = (name: string, definition: string): Fact => fact("constraint", `a.t.${name}`, { definition }, "a.t");
    expect(compareSnapshots(snapshot(check("t_x_check", "x > 0")), snapshot(check("t_x_check1", "x > 0")))).toEqual([]);
    expect(told(compareSnapshots(snapshot(check("t_x_check", "x > 0")), snapshot(check("t_x_check1", "x > 1"))))).toEqual([
      "constraint a.t.t_x_check missing",
      "constraint a.t.t_x_check1 extra",
    ]);
    expect(compareSnapshots(snapshot(check("positive", "x > 0")), snapshot(check("above_zero", "x > 0")))).toHaveLength(2);
  });

  test("a schema public without content is as good as none", () => {
    expect(compareSnapshots(snapshot(fact("schema", "public")), snapshot())).toEqual([]);
    expect(told(compareSnapshots(snapshot(fact("schema", "public"), fact("table", "public.t")), snapshot()))).toEqual(["schema public missing", "table public.t missing"]);
  });

  test("an extension's version is cosmetic where the migrations leave it to the server", () => {
    const extension = (version: string): Fact => fact("extension", "citext", { version, "server's version": "1.6" });
    expect(compareSnapshots(snapshot(extension("1.6")), snapshot(extension("1.5")))).toMatchObject([{ severity: "cosmetic" }]);
    expect(compareSnapshots(snapshot(extension("1.4")), snapshot(extension("1.5")))).toMatchObject([{ severity: "behaviour" }]);
  });
});
