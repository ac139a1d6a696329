import type { Difference, Snapshot } from "@org/postgres/schema";
import { makePlan, type Plan } from "./plan.ts";
import { toSide } from "./side.ts";

/** One direction of a difference: statements in their order, or why there are none. */
interface DifferenceSql {
  readonly statements: readonly { readonly sql: string; readonly loses?: string }[];
  /** null: they are all there is to do. */
  readonly cannot: string | null;
}

/** The SQL both ways. */
export interface SqlBothWays {
  /** Makes the live database as it is expected. */
  readonly repair: DifferenceSql;
  /** Makes what is expected as the live database is: what a migration would hold that accepts the difference. */
  readonly accept: DifferenceSql;
}

/** The plan that makes what was found as it is expected. The differences are those that `compareSnapshots` gives, or some of them. */
export function planRepair(expected: Snapshot, found: Snapshot, differences: readonly Difference[]): Plan {
  return makePlan(toSide(found), toSide(expected), differences);
}

/** The plan that makes what was expected as it was found. */
export function planAcceptance(expected: Snapshot, found: Snapshot, differences: readonly Difference[]): Plan {
  return makePlan(toSide(expected), toSide(found), differences.map(reverse));
}

/** The whole repair, and every difference with its SQL. */
export function writeSql<D extends Difference>(expected: Snapshot, found: Snapshot, differences: readonly D[]): { readonly plan: Plan; readonly differences: readonly (D & { readonly sql: SqlBothWays })[] } {
  const plan = planRepair(expected, found, differences);
  const reversed = new Map(differences.map((difference) => [difference, reverse(difference)]));
  const back = makePlan(toSide(expected), toSide(found), [...reversed.values()]);
  const [repair, accept] = [byDifference(plan), byDifference(back)];
  return { plan, differences: differences.map((difference) => ({ ...difference, sql: { repair: repair(difference), accept: accept(reversed.get(difference)!) } })) };
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
