import type { Difference, Fact } from "@org/postgres/schema";
import { alterCommon } from "./common.ts";
import { dependentsOf, type Touched } from "./dependents.ts";
import { isForeignKey } from "./kinds/constraints.ts";
import { hasWord } from "./mentions.ts";
import type { Change, Situation } from "./renderer.ts";
import { rendererOf } from "./renderers.ts";
import { bare, childrenOf, keyOf, partsOf, withoutDifferences, type Side } from "./side.ts";
import { isUnwritable, type Written } from "./statement.ts";

type Serving = Map<string, Set<Difference>>;

/** What is to be done, by the key of the object, each for the differences that ask for it. */
export interface Work {
  readonly situation: Situation;
  /** Made from nothing. */
  readonly created: Serving;
  readonly dropped: Serving;
  /** Dropped and made again, with all of its parts. */
  readonly remade: Serving;
  /** Columns whose default is set aside while a function that it calls is away. */
  readonly suspended: Serving;
  readonly changes: readonly (Change & { readonly difference: Difference })[];
  /** Why a difference stays. */
  readonly refused: Map<Difference, string>;
}

/** Finds out what the differences ask for, and what else has to give way for it. */
export function planWork(from: Side, to: Side, differences: readonly Difference[]): Work {
  const after = withoutDifferences(from, to, differences);
  const changing = new Set(differences.map(({ kind, object, property }) => `${kind} ${object} ${property}`));
  const created: Serving = new Map();
  const remade: Serving = new Map();
  const makes = (key: string): boolean => created.has(key) || remade.has(key) || remade.has(containerOf(after, key) ?? "");
  const situation: Situation = {
    before: from,
    after,
    makes: (kind, name) => makes(`${kind} ${name}`),
    changes: (kind, name, property) => changing.has(`${kind} ${name} ${property}`),
    sparesChildren: (fact, property) => {
      const inherited = childrenOf(from, fact);
      return inherited.length > 0 && inherited.every((child) => to.facts.get(keyOf(child))?.properties[property] === child.properties[property]);
    },
  };
  const work: Work = { situation, created, remade, dropped: new Map(), suspended: new Map(), changes: changesOf(situation, differences), refused: new Map() };
  for (const difference of differences) if (difference.change === "missing") createWithParts(work, difference);
  for (const difference of differences) if (difference.change === "extra") serve(work.dropped, `${difference.kind} ${difference.object}`, [difference]);
  dropKeysBetweenDropped(work);
  for (let grown = true; grown; ) grown = [remakeChanged(work), makeWay(work)].includes(true);
  return work;
}

function serve(serving: Serving, key: string, differences: Iterable<Difference>): boolean {
  const served = serving.get(key) ?? new Set();
  const before = served.size;
  for (const difference of differences) served.add(difference);
  serving.set(key, served);
  return served.size > before;
}

function containerOf(side: Side, key: string): string | undefined {
  const parent = side.facts.get(key)?.parent;
  return parent === undefined ? undefined : ["table", "view", "materialized view", "type", "domain"].map((kind) => `${kind} ${parent}`).find((candidate) => side.facts.has(candidate));
}

function changesOf({ before, after }: Situation, differences: readonly Difference[]): Work["changes"] {
  return differences.flatMap((difference) => {
    const { kind, object, change, property, expected: to, found: from } = difference;
    const [had, fact] = [before, after].map((side) => side.facts.get(`${kind} ${object}`));
    const old = had ?? bare(fact);
    if (change !== "changed" || property === null || old === undefined || fact === undefined) return [];
    return [{ difference, property, from, to, old, fact }];
  });
}

function createWithParts({ created, situation: { before, after } }: Work, difference: Difference): void {
  const fact = after.facts.get(`${difference.kind} ${difference.object}`);
  if (fact === undefined) return;
  serve(created, keyOf(fact), [difference]);
  for (const part of partsOf(after, fact)) if (!before.facts.has(keyOf(part))) serve(created, keyOf(part), [difference]);
}

/** Tables that refer to each other can be dropped in no order, before their foreign keys are. */
function dropKeysBetweenDropped({ dropped, situation: { before } }: Work): void {
  const tables = [...dropped].filter(([key]) => key.startsWith("table "));
  const names = tables.map(([key]) => before.facts.get(key)!.name);
  for (const [key, differences] of tables) {
    const table = before.facts.get(key)!;
    for (const part of partsOf(before, table).filter(isForeignKey)) {
      if (part.properties["local"] !== "false" && names.some((name) => name !== table.name && hasWord(part.properties["definition"] ?? "", name))) serve(dropped, keyOf(part), differences);
    }
  }
}

/** What one change comes to. */
export function writeChange(change: Change, situation: Situation): Written {
  const renderer = rendererOf(change.fact);
  return (renderer.bare ? undefined : alterCommon(change, renderer, situation)) ?? renderer.alter?.(change, situation) ?? "remake";
}

/** Whether the object is made again, or goes and comes with what it is a part of. */
export function isRemade({ remade, situation: { before } }: Work, key: string): boolean {
  return remade.has(key) || remade.has(containerOf(before, key) ?? "");
}

function remakeChanged(work: Work): boolean {
  let grown = false;
  for (const change of work.changes) {
    const key = keyOf(change.fact);
    if (remadeAlready(work, key, change.difference)) continue;
    const written = writeChange(change, work.situation);
    if (written === "remake") grown = serve(work.remade, key, [change.difference]) || grown;
    else if (isUnwritable(written)) work.refused.set(change.difference, written.cannot);
  }
  return grown;
}

/** A change of something that is made again needs nothing more: it is made as it is to be. */
function remadeAlready(work: Work, key: string, difference: Difference): boolean {
  if (!isRemade(work, key)) return false;
  if (work.remade.has(key)) serve(work.remade, key, [difference]);
  return true;
}

function touchedBy({ remade, changes, situation: { before } }: Work): ReadonlyMap<Touched, ReadonlySet<Difference>> {
  const touched = new Map<Touched, ReadonlySet<Difference>>();
  for (const [key, differences] of remade) touched.set({ fact: before.facts.get(key)!, onlyType: false }, differences);
  for (const { difference, old, property } of changes) {
    const changesType = old.kind === "column" && (property === "type" || property === "collation") && !remade.has(keyOf(old));
    if (changesType) touched.set({ fact: old, onlyType: true }, new Set([difference]));
  }
  return touched;
}

/** Makes again what hangs on something that is away for a moment, and refuses what a table hangs on. */
function makeWay(work: Work): boolean {
  const touched = touchedBy(work);
  if (touched.size === 0) return false;
  let grown = false;
  for (const [entry, dependents] of dependentsOf([...touched.keys()], work.situation.before)) {
    for (const dependent of dependents.filter((fact) => staysInWay(work, fact))) grown = giveWay(work, { dependent, entry, differences: touched.get(entry)! }) || grown;
  }
  return grown;
}

function staysInWay({ dropped, situation: { before, after } }: Work, fact: Fact): boolean {
  const key = keyOf(fact);
  return after.facts.has(key) && !dropped.has(key) && !dropped.has(containerOf(before, key) ?? "");
}

interface Standing {
  readonly dependent: Fact;
  readonly entry: Touched;
  readonly differences: ReadonlySet<Difference>;
}

function giveWay(work: Work, { dependent, entry: { fact: used }, differences }: Standing): boolean {
  const key = keyOf(dependent);
  const isGenerated = dependent.properties["generated as"] !== undefined;
  if (remadeByContainer(work, key)) return false;
  if (dependent.kind === "column" && !isGenerated && (used.kind === "function" || used.kind === "operator")) return serve(work.suspended, key, differences);
  if (dependent.kind === "table" || dependent.kind === "sequence" || (dependent.kind === "column" && used.kind !== "column" && !isGenerated)) {
    for (const difference of differences) work.refused.set(difference, `${used.kind} ${used.name} would have to be dropped and made again, and ${dependent.kind} ${dependent.name} uses it`);
    return false;
  }
  return serve(work.remade, key, differences);
}

function remadeByContainer({ remade, situation: { before } }: Work, key: string): boolean {
  return remade.has(containerOf(before, key) ?? "");
}
