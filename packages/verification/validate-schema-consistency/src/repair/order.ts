import { indexNames, mentioned } from "./mentions.ts";
import type { Step } from "./step.ts";
import type { Fact } from "@org/postgres/schema";

/**
 * Puts steps in an order in which they can run: what is used is made before what uses it, what uses it is gone or changed before it is dropped, and
 * nothing is made before another of its name is gone. Beyond that the phases decide.
 */
export function inOrder(steps: readonly Step[]): readonly Step[] {
  const sorted = steps.toSorted((a, b) => a.phase - b.phase);
  const before = predecessors(sorted);
  const placed = new Set<Step>();
  const open = new Set<Step>();
  const ordered: Step[] = [];
  const place = (step: Step): void => {
    // Of steps that need each other, the phases decide.
    if (placed.has(step) || open.has(step)) return;
    open.add(step);
    for (const earlier of sortedByPhase(before.get(step))) place(earlier);
    placed.add(step);
    ordered.push(step);
  };
  for (const step of sorted) place(step);
  return ordered;
}

function sortedByPhase(steps: ReadonlySet<Step> | undefined): readonly Step[] {
  return [...(steps ?? [])].toSorted((a, b) => a.phase - b.phase);
}

function predecessors(steps: readonly Step[]): ReadonlyMap<Step, ReadonlySet<Step>> {
  const [making, dropping] = [byFact(steps, ({ makes }) => makes), byFact(steps, ({ drops }) => drops)];
  const [made, dropped] = [indexNames(making.keys()), indexNames(dropping.keys())];
  const before = new Map<Step, Set<Step>>(steps.map((step) => [step, new Set()]));
  const add = (later: Step | undefined, earlier: Step | undefined): void => {
    if (later !== undefined && earlier !== undefined && later !== earlier) before.get(later)?.add(earlier);
  };
  const byName = new Map([...dropping].map(([{ name }, step]) => [name, step]));
  for (const step of steps) {
    for (const fact of mentioned(step.statements.map(({ sql }) => sql).join(";\n"), made)) {
      if (step.drops === undefined && fact.name !== step.makes?.name) add(step, making.get(fact));
    }
    for (const fact of mentioned(step.frees, dropped)) add(dropping.get(fact), step);
    if (step.makes !== undefined) add(step, byName.get(step.makes.name));
  }
  return before;
}

function byFact(steps: readonly Step[], fact: (step: Step) => Fact | undefined): Map<Fact, Step> {
  return new Map(steps.flatMap((step) => {
    const own = fact(step);
    return own === undefined ? [] : [[own, step] as const];
  }));
}
