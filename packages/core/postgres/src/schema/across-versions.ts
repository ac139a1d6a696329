import type { Fact, Snapshot } from "./model.ts";
import { withoutNeedlessPrefix } from "./view-definition.ts";

/** Where the two servers are of different major versions: what both can say, in the words of either, so that the same DDL compares equal. */
export function inCommonWords(snapshot: Snapshot, other: Snapshot): Snapshot {
  const versions = [snapshot.serverVersion, other.serverVersion];
  const [older, newer] = [Math.min(...versions), Math.max(...versions)];
  const rules = changes.filter(({ since }) => older < since && newer >= since);
  if (rules.length === 0) return snapshot;
  const facts = snapshot.facts.map((fact) => rules.reduce((told, { commonly }) => commonly(told), fact));
  return { ...snapshot, facts };
}

interface VersionChange {
  /** The first version that says it otherwise. */
  readonly since: number;
  readonly commonly: (fact: Fact) => Fact;
}

const changes: readonly VersionChange[] = [
  // The schema public of a new database belongs to pg_database_owner, and not everyone may create in it.
  { since: 150_000, commonly: (fact) => (isFreshPublic(fact) ? without(fact, ["owner", "grants to its owner", "grants to public"]) : fact) },
  // A view of one relation no longer names it with each column.
  { since: 160_000, commonly: (fact) => mapProperty(fact, "definition", (text) => (isView(fact) ? withoutNeedlessPrefix(text) : text)) },
  { since: 170_000, commonly: withoutMaintain },
  // A partition has the identity of its parent's columns.
  { since: 170_000, commonly: (fact) => (fact.kind === "column" && fact.origin !== undefined ? without(fact, ["identity", "identity sequence", "grants on its sequence"]) : fact) },
  // The default of a subscription's streaming went from off to parallel.
  { since: 180_000, commonly: (fact) => (fact.kind === "subscription" ? without(fact, ["streaming"]) : fact) },
];

function isView({ kind }: Fact): boolean {
  return kind === "view" || kind === "materialized view";
}

function isFreshPublic({ kind, name, properties }: Fact): boolean {
  if (kind !== "schema" || name !== "public" || properties["grants to its owner"] !== "CREATE, USAGE") return false;
  return properties["grants to public"] === (properties["owner"] === "pg_database_owner" ? "USAGE" : "CREATE, USAGE");
}

/** The privilege MAINTAIN came with version 17, and ALL holds it from there on. */
function withoutMaintain(fact: Fact): Fact {
  const entries = Object.entries(fact.properties).map(([property, value]): [string, string] =>
    property.startsWith("grants to ") ? [property, value.split(", ").filter((privilege) => !privilege.startsWith("MAINTAIN")).join(", ")] : [property, value],
  );
  return { ...fact, properties: Object.fromEntries(entries.filter(([property, value]) => value !== "" || fact.properties[property] === "")) };
}

function mapProperty(fact: Fact, property: string, change: (value: string) => string): Fact {
  const value = fact.properties[property];
  return value === undefined ? fact : { ...fact, properties: { ...fact.properties, [property]: change(value) } };
}

function without(fact: Fact, properties: readonly string[]): Fact {
  return { ...fact, properties: Object.fromEntries(Object.entries(fact.properties).filter(([property]) => !properties.includes(property))) };
}
