import type { Fact } from "./model.ts";

/** How Postgres ends the names that it makes up itself, also those that it had to cut to 63 bytes. */
const generated = /_(?:pkey|key|fkey|check|excl|not_null|idx|seq)\d*"?$/u;

const renamable: ReadonlySet<string> = new Set(["constraint", "index", "sequence"]);

/** Objects of the found side that are objects of the expected side under another name that Postgres made. */
export interface Renamed {
  /** Facts of both sides that have a counterpart. */
  readonly paired: ReadonlySet<Fact>;
  /** The expected names of the found sequences. */
  readonly sequences: ReadonlyMap<string, string>;
}

/** Pairs of a missing and an extra constraint, index or column's own sequence of one table that are alike in everything but such a name. */
export function pairGeneratedNames(missing: readonly Fact[], extra: readonly Fact[]): Renamed {
  const open = new Map<string, Fact[]>();
  for (const fact of extra.filter(mayBeRenamed)) open.set(likeness(fact), [...(open.get(likeness(fact)) ?? []), fact]);
  const paired = new Set<Fact>();
  const sequences = new Map<string, string>();
  for (const fact of missing.filter(mayBeRenamed)) {
    const other = open.get(likeness(fact))?.shift();
    if (other === undefined) continue;
    paired.add(fact).add(other);
    if (fact.kind === "sequence") sequences.set(other.name, fact.name);
  }
  return { paired, sequences };
}

function mayBeRenamed({ kind, name, properties }: Fact): boolean {
  return renamable.has(kind) && generated.test(name) && (kind !== "sequence" || properties["owned by"] !== undefined);
}

function likeness({ kind, parent, properties }: Fact): string {
  const told = Object.entries(properties).map(([property, value]) => [property, property === "parents" ? withoutGeneratedName(value) : value]);
  return JSON.stringify([kind, parent, told.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))]);
}

/** The name of another object as far as it means anything. */
export function withoutGeneratedName(name: string): string {
  return generated.test(name) ? "a generated name" : name;
}

/** An expression with the sequences under their expected names. */
export function withExpectedSequences(expression: string, sequences: Renamed["sequences"]): string {
  let text = expression;
  for (const [found, expected] of sequences) text = text.replaceAll(regclass(found), regclass(expected));
  return text;
}

function regclass(name: string): string {
  return `'${name.replaceAll("'", "''")}'::regclass`;
}
