import type { Difference, Fact } from "@org/postgres/schema";
import type { Statement } from "./statement.ts";

/** Statements that belong together, and the differences that they are for. */
export interface Step {
  readonly phase: number;
  readonly statements: readonly Statement[];
  readonly makes?: Fact;
  readonly drops?: Fact;
  /** What named other objects before, and does so no longer. */
  readonly frees: string;
  readonly serves: ReadonlySet<Difference>;
}
