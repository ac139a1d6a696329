import { isClusterWide, type Comparison, type Difference, type Fact, type Snapshot, type Unknown, type Unread } from "./model.ts";
import { severityOf } from "./severity.ts";

/**
 * What differs, object by object, and what nobody knows, because one side could not be read. The parts of a table, view or type that is missing or extra as
 * a whole are not told one by one, and neither is what a child table or partition only inherits. Constraints, indexes and sequences that differ only in a name that Postgres made are equal.
 */
export function compareSnapshots(expected: Snapshot, found: Snapshot): Comparison {
  const unknown = [...sided("expected", expected), ...sided("found", found)];
  const [wanted, present] = comparable(expected, found);
  const differences = differencesOf(wanted, present).filter((difference) => !unknown.some((part) => covers(part, difference)));
  return { differences, unknown };
}

function sided(side: Unknown["side"], { unread }: Snapshot): readonly Unknown[] {
  return unread.map((part) => ({ ...part, side }));
}

/** Only what both sides have read. */
function comparable(expected: Snapshot, found: Snapshot): readonly [Snapshot, Snapshot] {
  const isShared = expected.clusterWide && found.clusterWide;
  const narrowed = (snapshot: Snapshot): Snapshot => (isShared ? snapshot : { ...snapshot, facts: snapshot.facts.filter(({ kind }) => !isClusterWide(kind)) });
  return [narrowed(expected), narrowed(found)];
}

function covers(part: Unread, { kind, object, property }: Difference): boolean {
  if (part.kind !== kind || (part.object !== null && part.object !== object)) return false;
  return part.property === null || part.property === property;
}

function differencesOf(expected: Snapshot, found: Snapshot): readonly Difference[] {
  const [wanted, present] = [index(expected), index(found)];
  const missing = expected.facts.filter((fact) => !present.has(key(fact)) && !isEmptyPublic(fact, expected));
  const extra = found.facts.filter((fact) => !wanted.has(key(fact)));
  const renamed = sameButForGeneratedName(missing, extra);
  const all = [
    ...whole("missing", missing.filter((fact) => !renamed.has(fact))),
    ...whole("extra", extra.filter((fact) => !renamed.has(fact))),
    ...expected.facts.flatMap((fact) => changed(fact, present.get(key(fact)))),
  ];
  return withoutInherited(all, [wanted, present]).sort(inOrder);
}

/** A difference that a parent table has too came from there. */
function withoutInherited(differences: readonly Difference[], sides: readonly Map<string, Fact>[]): Difference[] {
  const identity = (difference: Difference, object: string): string =>
    JSON.stringify([difference.kind, object, difference.change, difference.property, difference.expected, difference.found]);
  const told = new Set(differences.map((difference) => identity(difference, difference.object)));
  return differences.filter((difference) => {
    const origins = sides.map((side) => side.get(key({ kind: difference.kind, name: difference.object }))?.origin);
    return !origins.some((origin) => origin !== undefined && told.has(identity(difference, origin)));
  });
}

/** Every new database has a schema `public`; many platforms drop it before they begin. */
function isEmptyPublic({ kind, name }: Fact, { facts }: Snapshot): boolean {
  return kind === "schema" && name === "public" && !facts.some((fact) => fact.name.startsWith("public."));
}

function index({ facts }: Snapshot): Map<string, Fact> {
  return new Map(facts.map((fact) => [key(fact), fact]));
}

function key({ kind, name }: Pick<Fact, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** Kinds that other objects are parts of. */
const containers: ReadonlySet<string> = new Set(["table", "view", "materialized view", "type", "domain"]);

function whole(change: "missing" | "extra", facts: readonly Fact[]): Difference[] {
  const gone = new Set(facts.filter(({ kind }) => containers.has(kind)).map(({ name }) => name));
  const [expected, found] = change === "missing" ? ["present", "missing"] : ["none", "present"];
  return facts
    .filter(({ parent }) => parent === undefined || !gone.has(parent))
    .map(({ kind, name }) => ({ kind, object: name, change, property: null, expected, found, severity: severityOf({ kind, change, property: null }) }));
}

/** Told for those who read a report or write a table again; the server's own, the order of columns and what follows from inheritance are no difference. */
const notCompared: ReadonlySet<string> = new Set(["server's version", "position", "inherited"]);

function changed(expected: Fact, found: Fact | undefined): Difference[] {
  if (found === undefined) return [];
  const properties = new Set([...Object.keys(expected.properties), ...Object.keys(found.properties)]);
  return [...properties].flatMap((property): Difference[] => {
    const [before, after] = [expected.properties[property] ?? null, found.properties[property] ?? null];
    if (before === after || notCompared.has(property)) return [];
    const { kind, name } = expected;
    const severity = severityOf({ kind, change: "changed", property, expected, found });
    return [{ kind, object: name, change: "changed", property, expected: before, found: after, severity }];
  });
}

/** How Postgres ends the names that it makes up itself. */
const generatedName = /_(?:pkey|key|fkey|check|excl|not_null|idx)\d*"?$/u;

/** Pairs of a missing and an extra constraint or index of one table that are alike in everything but such a name. */
function sameButForGeneratedName(missing: readonly Fact[], extra: readonly Fact[]): Set<Fact> {
  const open = new Map<string, Fact[]>();
  for (const fact of extra.filter(mayBeRenamed)) open.set(likeness(fact), [...(open.get(likeness(fact)) ?? []), fact]);
  const paired = new Set<Fact>();
  for (const fact of missing.filter(mayBeRenamed)) {
    const other = open.get(likeness(fact))?.shift();
    if (other !== undefined) paired.add(fact).add(other);
  }
  return paired;
}

function mayBeRenamed({ kind, name }: Fact): boolean {
  return (kind === "constraint" || kind === "index") && generatedName.test(name);
}

function likeness({ kind, parent, properties }: Fact): string {
  return JSON.stringify([kind, parent, Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function inOrder(a: Difference, b: Difference): number {
  const order = (difference: Difference): string => `${difference.object}\0${difference.kind}\0${difference.property ?? ""}`;
  return order(a) < order(b) ? -1 : 1;
}
