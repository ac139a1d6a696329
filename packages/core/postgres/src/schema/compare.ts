import { inCommonWords } from "./across-versions.ts";
import { changedProperties } from "./changed-properties.ts";
import { pairGeneratedNames } from "./generated-names.ts";
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

/** Only what both sides have read, in words that both servers use. */
function comparable(expected: Snapshot, found: Snapshot): readonly [Snapshot, Snapshot] {
  const isShared = expected.clusterWide && found.clusterWide;
  const narrowed = (snapshot: Snapshot): Snapshot => (isShared ? snapshot : { ...snapshot, facts: snapshot.facts.filter(({ kind }) => !isClusterWide(kind)) });
  return [inCommonWords(narrowed(expected), found), inCommonWords(narrowed(found), expected)];
}

function covers(part: Unread, { kind, object, property }: Difference): boolean {
  if (part.kind !== kind || (part.object !== null && part.object !== object)) return false;
  return part.property === null || part.property === property;
}

function differencesOf(expected: Snapshot, found: Snapshot): readonly Difference[] {
  const [wantedFacts, presentFacts] = [notIn(found, expected.facts), notIn(expected, found.facts)];
  const [wanted, present] = [index(wantedFacts), index(presentFacts)];
  const missing = wantedFacts.filter((fact) => !present.has(key(fact)) && !isEmptyPublic(fact, expected) && fact.kind !== "role");
  // A role is told where something refers to it, and who refers to it is told there.
  const extra = presentFacts.filter((fact) => !wanted.has(key(fact)) && fact.kind !== "role");
  const { paired, sequences } = pairGeneratedNames(missing, extra);
  const all = [
    ...whole("missing", missing.filter((fact) => !paired.has(fact))),
    ...whole("extra", extra.filter((fact) => !paired.has(fact))),
    ...wantedFacts.flatMap((fact) => changedProperties(fact, present.get(key(fact)), sequences)),
  ];
  return withoutInherited(all, [wanted, present]).sort(inOrder);
}

/** What both sides read alike is the same object in both, and nothing about it differs. */
function notIn({ facts }: Snapshot, others: readonly Fact[]): readonly Fact[] {
  const known = new Set(facts);
  return others.filter((fact) => !known.has(fact));
}

/** A difference that a parent table has too came from there. */
function withoutInherited(differences: readonly Difference[], sides: readonly Map<string, Fact>[]): Difference[] {
  const identity = ({ kind, change, property, expected, found }: Difference, object: string): string =>
    // A definition names the table itself, and what is inherited can have no other.
    JSON.stringify([kind, object, change, property, ...(property === "definition" ? [] : [expected, found])]);
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

function index(facts: readonly Fact[]): Map<string, Fact> {
  return new Map(facts.map((fact) => [key(fact), fact]));
}

function key({ kind, name }: Pick<Fact, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** Kinds that other objects are parts of. */
const containers: ReadonlySet<string> = new Set(["table", "view", "materialized view", "type", "domain"]);

function whole(change: "missing" | "extra", facts: readonly Fact[]): Difference[] {
  const gone = new Set(facts.filter(({ kind }) => containers.has(kind)).map(({ name }) => name));
  return facts.filter(({ parent }) => parent === undefined || !gone.has(parent)).flatMap((fact) => (isAnnotation(fact) ? annotated(change, fact) : [entire(change, fact)]));
}

function entire(change: "missing" | "extra", { kind, name }: Fact): Difference {
  const [expected, found] = change === "missing" ? ["present", "missing"] : ["none", "present"];
  return { kind, object: name, change, property: null, expected, found, severity: severityOf({ kind, change, property: null }) };
}

/** A column of a view is there by the view's definition; its fact tells only what somebody added to it. */
function isAnnotation({ kind, properties }: Fact): boolean {
  return kind === "column" && properties["type"] === undefined;
}

function annotated(change: "missing" | "extra", fact: Fact): readonly Difference[] {
  const bare = { ...fact, properties: {} };
  return change === "missing" ? changedProperties(fact, bare) : changedProperties(bare, fact);
}

function inOrder(a: Difference, b: Difference): number {
  const order = (difference: Difference): string => `${difference.object}\0${difference.kind}\0${difference.property ?? ""}`;
  return order(a) < order(b) ? -1 : 1;
}
