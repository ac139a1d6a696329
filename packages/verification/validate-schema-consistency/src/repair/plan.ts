import type { Difference, Fact, Kind } from "@org/postgres/schema";
import { dress } from "./common.ts";
import { isForeignKey } from "./kinds/constraints.ts";
import { definingText, namingText } from "./mentions.ts";
import { ownName } from "./names.ts";
import { inOrder } from "./order.ts";
import { phases } from "./renderer.ts";
import { rendererOf } from "./renderers.ts";
import { keyOf, partsOf, type Side } from "./side.ts";
import { isUnwritable, statements, type Statement, type Written } from "./statement.ts";
import type { Step } from "./step.ts";
import { isRemade, planWork, writeChange, type Work } from "./work.ts";

export interface Plan {
  /** In the order in which they can run. */
  readonly steps: readonly Step[];
  /** Why a difference stays. */
  readonly unwritable: ReadonlyMap<Difference, string>;
}

/** The statements that make `from` as `to` is, as far as the differences go. */
export function makePlan(from: Side, to: Side, differences: readonly Difference[]): Plan {
  const work = planWork(from, to, differences);
  const steps = [...dropSteps(work), ...changeSteps(work), ...suspendSteps(work), ...createSteps(work)];
  if (work.refused.size === 0) return { steps: inOrder(steps), unwritable: work.refused };
  // What cannot be written is no part of what the others lead to.
  const rest = makePlan(from, to, differences.filter((difference) => !work.refused.has(difference)));
  return { steps: rest.steps, unwritable: new Map([...work.refused, ...rest.unwritable]) };
}

function dropSteps(work: Work): Step[] {
  const { dropped, remade, situation } = work;
  const goesWithContainer = (key: string): boolean => isRemade(work, key) && !remade.has(key);
  return [...dropped, ...remade].filter(([key]) => !goesWithContainer(key)).flatMap(([key, serves]) => {
    const fact = situation.before.facts.get(key);
    if (fact === undefined) return [];
    const renderer = rendererOf(fact);
    const written = renderer.drop?.(fact, situation) ?? statements(`DROP ${renderer.reference(fact, situation.before)}`);
    // Foreign keys between tables that go are dropped beforehand, so they put the tables in no order.
    const texts = [fact, ...partsOf(situation.before, fact).filter((part) => !isForeignKey(part))].map(definingText);
    return toSteps(work, { written, serves, phase: -renderer.phase, frees: texts.join("\n") }).map((step) => ({ ...step, drops: fact }));
  });
}

function createSteps(work: Work): Step[] {
  const { created, remade, situation } = work;
  const wanted = new Map(created);
  for (const [key, serves] of remade) {
    const fact = situation.after.facts.get(key)!;
    for (const part of [fact, ...partsOf(situation.after, fact)]) wanted.set(keyOf(part), new Set([...(wanted.get(keyOf(part)) ?? []), ...serves]));
  }
  for (const { difference, fact } of work.changes) if (isRemade(work, keyOf(fact))) wanted.set(keyOf(fact), new Set([...(wanted.get(keyOf(fact)) ?? []), difference]));
  return [...wanted].flatMap(([key, serves]) => createStep(work, situation.after.facts.get(key)!, serves));
}

function createStep(work: Work, fact: Fact, serves: ReadonlySet<Difference>): Step[] {
  const { situation } = work;
  const renderer = rendererOf(fact);
  const written = renderer.create(fact, situation);
  const own = written === "remake" || isUnwritable(written) ? [] : written;
  // What comes with a parent is there when the parent's children are attached.
  const phase = own.length === 0 && renderer.phase < phases.attach && fact.kind !== "column" ? phases.attach + 1 : (own[0]?.phase ?? renderer.phase);
  const dressed = renderer.bare ? [] : dress(fact, renderer, situation).map((statement) => ({ phase, ...statement }));
  const steps = toSteps(work, { written: isUnwritable(written) ? written : [...own, ...dressed], serves, phase: renderer.phase, frees: "" });
  // What a new relation holds is there with it; a step for a column of it only adds to that.
  const isPartOfNew = fact.kind === "column" && ownersOfColumns.some((kind) => situation.makes(kind, fact.parent ?? ""));
  return steps.map((step, at) => (at === 0 && !isPartOfNew ? { ...step, makes: fact } : step));
}

const ownersOfColumns: readonly Kind[] = ["table", "view", "materialized view", "type"];

function changeSteps(work: Work): Step[] {
  const steps = new Map<string, Step & { readonly serves: Set<Difference> }>();
  for (const { difference, ...change } of work.changes) {
    if (isRemade(work, keyOf(change.fact))) continue;
    const renderer = rendererOf(change.fact);
    const phase = renderer.alterPhase?.(change) ?? renderer.phase;
    for (const step of toSteps(work, { written: writeChange(change, work.situation), serves: new Set([difference]), phase, frees: change.from === null ? "" : namingText(change.fact.kind, change.property, change.from) })) {
      const text = step.statements.map(({ sql }) => sql).join(";");
      const same = steps.get(text);
      if (same === undefined) steps.set(text, { ...step, serves: new Set(step.serves) });
      else same.serves.add(difference);
    }
  }
  return [...steps.values()];
}

/** Defaults that stand in the way of a function are set again once it is there. */
function suspendSteps({ suspended, situation: { before, after } }: Work): Step[] {
  return [...suspended].flatMap(([key, serves]) => {
    const [old, fact] = [before, after].map((side: Side) => side.facts.get(key)) as [Fact, Fact];
    const alter = `ALTER TABLE ${fact.parent} ALTER COLUMN ${ownName(fact.name)}`;
    const initial = fact.properties["default"];
    const drop: Step = { phase: phases.detach, statements: statements(`${alter} DROP DEFAULT`), serves, frees: old.properties["default"] ?? "" };
    return initial === undefined ? [drop] : [drop, { phase: phases.columnChange, statements: statements(`${alter} SET DEFAULT ${initial}`), serves, frees: "" }];
  });
}

interface Draft {
  readonly written: Written;
  readonly serves: ReadonlySet<Difference>;
  readonly phase: number;
  readonly frees: string;
}

/** One step for each phase; what cannot be written is noted for all that it would serve. */
function toSteps({ refused }: Work, { written, serves, phase, frees }: Draft): Step[] {
  if (written === "remake") return [];
  if (isUnwritable(written)) {
    for (const difference of serves) refused.set(difference, written.cannot);
    return [];
  }
  const byPhase = new Map<number, Statement[]>();
  for (const { phase: own = phase, ...statement } of written) byPhase.set(own, [...(byPhase.get(own) ?? []), statement]);
  return [...byPhase].map(([at, list]) => ({ phase: at, statements: list, serves, frees }));
}
