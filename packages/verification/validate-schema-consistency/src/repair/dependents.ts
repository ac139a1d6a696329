import type { Fact } from "@org/postgres/schema";
import { isForeignKey } from "./kinds/constraints.ts";
import { definingText, hasWord, indexNames, mentioned, type NameIndex } from "./mentions.ts";
import { ownName } from "./names.ts";
import type { Side } from "./side.ts";

/** Something that is taken away for a moment: the object and everything that would go with it, or only what hangs on a column's type. */
export interface Touched {
  readonly fact: Fact;
  /** The server carries indexes, constraints and defaults over to another type of a column by itself, and nothing else. */
  readonly onlyType: boolean;
}

/** What stands in the way of each: the objects that use it, directly. */
export function dependentsOf(touched: readonly Touched[], before: Side): ReadonlyMap<Touched, readonly Fact[]> {
  const byFact = new Map(touched.map((entry) => [entry.fact, entry]));
  const index = indexNames(byFact.keys());
  const found = new Map<Touched, Fact[]>(touched.map((entry) => [entry, []]));
  for (const fact of before.facts.values()) {
    for (const used of usedBy(fact, index, touched)) {
      const entry = byFact.get(used);
      if (entry !== undefined && used !== fact && hangsOn(fact, entry)) found.get(entry)?.push(fact);
    }
  }
  return found;
}

function usedBy(fact: Fact, index: NameIndex, touched: readonly Touched[]): ReadonlySet<Fact> {
  const used = mentioned(definingText(fact), index);
  for (const { fact: key } of touched) if (key.kind === "constraint" && usesKey(fact, key)) used.add(key);
  return used;
}

/** A foreign key hangs on the key that it refers to, a view that groups by a key may leave out the other columns. */
function usesKey(fact: Fact, { parent = "", properties }: Fact): boolean {
  const [, columns] = /^(?:PRIMARY KEY|UNIQUE)[^(]*(\([^)]*\))/u.exec(properties["definition"] ?? "") ?? [];
  if (columns === undefined) return false;
  const text = fact.properties["definition"] ?? "";
  if (fact.kind === "constraint") return isForeignKey(fact) && text.includes(`REFERENCES ${parent}${columns}`);
  return (fact.kind === "view" || fact.kind === "materialized view") && /GROUP BY/u.test(text) && hasWord(text, parent);
}

const carriedOver: ReadonlySet<string> = new Set(["index", "constraint", "statistics", "table", "sequence"]);

function hangsOn(fact: Fact, { fact: used, onlyType }: Touched): boolean {
  if (fact.parent === used.name && used.kind !== "column") return false;
  if (used.kind !== "column") return true;
  if (fact.kind === "table" || fact.kind === "sequence") return false;
  if (fact.kind === "column") return fact.parent === used.parent && hasWord(fact.properties["generated as"] ?? "", ownName(used.name));
  return !onlyType || !carriedOver.has(fact.kind);
}
