import type { Difference, Fact, Kind, Snapshot } from "@org/postgres/schema";

/** One side of a comparison, ready for look-ups. */
export interface Side {
  readonly serverVersion: number;
  readonly facts: ReadonlyMap<string, Fact>;
  /** What belongs to a relation, a type or a domain, by its name. */
  readonly parts: ReadonlyMap<string, readonly Fact[]>;
}

export function keyOf({ kind, name }: Pick<Fact, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** Kinds that other objects are parts of. */
const containers: ReadonlySet<Kind> = new Set<Kind>(["table", "view", "materialized view", "type", "domain"]);

export function toSide({ serverVersion, facts }: Pick<Snapshot, "serverVersion"> & { readonly facts: Iterable<Fact> }): Side {
  const all = new Map<string, Fact>();
  const parts = new Map<string, Fact[]>();
  for (const fact of facts) {
    all.set(keyOf(fact), fact);
    if (fact.parent !== undefined) parts.set(fact.parent, [...(parts.get(fact.parent) ?? []), fact]);
  }
  return { serverVersion, facts: all, parts };
}

export function find(side: Side, kind: Kind, name: string): Fact | undefined {
  return side.facts.get(`${kind} ${name}`);
}

/** The parts of a table, view, type or domain; an index or a sequence has none, and neither has a type of a table's name. */
export function partsOf(side: Side, { kind, name }: Pick<Fact, "kind" | "name">): readonly Fact[] {
  return containers.has(kind) ? (side.parts.get(name) ?? []) : [];
}

const children = new WeakMap<Side, ReadonlyMap<string, readonly Fact[]>>();

/** What child tables and partitions have from it. */
export function childrenOf(side: Side, { kind, name }: Pick<Fact, "kind" | "name">): readonly Fact[] {
  const byOrigin = children.get(side) ?? Map.groupBy([...side.facts.values()].filter(({ origin }) => origin !== undefined), (fact) => `${fact.kind} ${fact.origin}`);
  children.set(side, byOrigin);
  return byOrigin.get(`${kind} ${name}`) ?? [];
}

/** The columns of a table in their order. */
export function columnsOf(side: Side, table: Fact): readonly Fact[] {
  const position = ({ properties }: Fact): number => Number(properties["position"] ?? 0);
  return partsOf(side, table).filter(({ kind }) => kind === "column").toSorted((a, b) => position(a) - position(b));
}

/** What `from` is once the differences from `to` are gone; differences that someone accepted stay in it. */
export function withoutDifferences(from: Side, to: Side, differences: readonly Difference[]): Side {
  const facts = new Map(from.facts);
  for (const difference of differences) {
    const key = `${difference.kind} ${difference.object}`;
    if (difference.change === "missing") addWithParts(facts, to, to.facts.get(key));
    else if (difference.change === "extra") removeWithParts(facts, { from, to }, from.facts.get(key));
    else setProperty(facts, from.facts.get(key) ?? bare(to.facts.get(key)), difference);
  }
  return toSide({ serverVersion: from.serverVersion, facts: facts.values() });
}

function addWithParts(facts: Map<string, Fact>, to: Side, fact: Fact | undefined): void {
  if (fact === undefined) return;
  facts.set(keyOf(fact), fact);
  for (const part of partsOf(to, fact)) if (!facts.has(keyOf(part))) facts.set(keyOf(part), part);
}

function removeWithParts(facts: Map<string, Fact>, { from, to }: { readonly from: Side; readonly to: Side }, fact: Fact | undefined): void {
  if (fact === undefined) return;
  facts.delete(keyOf(fact));
  for (const part of partsOf(from, fact)) if (!to.facts.has(keyOf(part))) facts.delete(keyOf(part));
}

/** The column of a view or a type is there by its definition, and has a fact of its own only while it carries something. */
export function bare(fact: Fact | undefined): Fact | undefined {
  return fact === undefined ? undefined : { ...fact, properties: {} };
}

function setProperty(facts: Map<string, Fact>, start: Fact | undefined, { property, expected }: Difference): void {
  const fact = start === undefined ? undefined : (facts.get(keyOf(start)) ?? start);
  if (fact === undefined || property === null) return;
  const properties: Record<string, string> = { ...fact.properties };
  if (expected === null) delete properties[property];
  else properties[property] = expected;
  // Whom a sequence belongs to is told twice.
  const parent = property === "owned by" ? expected?.slice(0, expected.lastIndexOf(".")) : fact.parent;
  facts.set(keyOf(fact), { ...fact, parent, properties });
}
