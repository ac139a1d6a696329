import type { Difference, Snapshot } from "@org/postgres/schema";
import { makePlan, type Plan } from "./plan.ts";
import { toSide } from "./side.ts";

/** One direction of a difference: statements in their order, or why there are none. */
export interface DifferenceSql {
  readonly statements: readonly { readonly sql: string; readonly loses?: string }[];
  /** null: they are all there is to do. */
  readonly cannot: string | null;
}

/** A difference with the SQL both ways. */
export interface RepairableDifference extends Difference {
  readonly sql: {
    /** Makes the live database as it is expected. */
    readonly repair: DifferenceSql;
    /** Makes what is expected as the live database is: what a migration would hold that accepts the difference. */
    readonly accept: DifferenceSql;
  };
}

/** The plan that makes what was found as it is expected. The differences are those that `compareSnapshots` gives, or some of them. */
export function planRepair(expected: Snapshot, found: Snapshot, differences: readonly Difference[]): Plan {
  return makePlan(toSide(found), toSide(expected), differences);
}

/** The plan that makes what was expected as it was found. */
export function planAcceptance(expected: Snapshot, found: Snapshot, differences: readonly Difference[]): Plan {
  return makePlan(toSide(expected), toSide(found), differences.map(reverse));
}

/** Gives every difference its SQL. */
export function withSql(expected: Snapshot, found: Snapshot, differences: readonly Difference[]): readonly RepairableDifference[] {
  const repair = planRepair(expected, found, differences);
  const reversed = new Map(differences.map((difference) => [reverse(difference), difference]));
  const back = makePlan(toSide(expected), toSide(found), [...reversed.keys()]);
  const [repairs, accepts] = [byDifference(repair), byDifference(back)];
  return [...reversed].map(([other, difference]) => ({ ...difference, sql: { repair: repairs(difference), accept: accepts(other) } }));
}

/** The same seen from the other side. */
function reverse(difference: Difference): Difference {
  const change = { missing: "extra", extra: "missing", changed: "changed" } as const;
  return { ...difference, change: change[difference.change], expected: difference.found, found: difference.expected };
}

function byDifference({ steps, unwritable }: Plan): (difference: Difference) => DifferenceSql {
  const found = new Map<Difference, { readonly sql: string; readonly loses?: string }[]>();
  for (const { statements, serves } of steps) for (const difference of serves) found.set(difference, [...(found.get(difference) ?? []), ...statements]);
  return (difference) => ({ statements: found.get(difference) ?? [], cannot: unwritable.get(difference) ?? null });
}
