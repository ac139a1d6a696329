import type { Fact } from "@org/postgres/schema";
import { ownName } from "../names.ts";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { cannot, statements, type Statement, type Written } from "../statement.ts";
import { changeLabels } from "./enumerations.ts";

export const types: Renderer = {
  phase: phases.type,
  reference: ({ name }) => `TYPE ${name}`,
  create: createType,
  alter: alterType,
  alterPhase: ({ property }) => (property === "labels" ? phases.beforeAll : phases.type),
};

function createType(fact: Fact): Written {
  const { name, properties } = fact;
  const { form, labels, attributes } = properties;
  switch (form) {
    case "enumeration":
      return statements(`CREATE TYPE ${name} AS ENUM (${labels ?? ""})`);
    case "composite":
      return statements(`CREATE TYPE ${name} AS (${attributes ?? ""})`);
    case "range":
      return statements(`CREATE TYPE ${name} AS RANGE (${rangeParts(fact).join(", ")})`);
    default:
      return cannot(`${name} is a base type: its functions and its form in memory are made in C`);
  }
}

function rangeParts({ properties }: Fact): readonly string[] {
  const { subtype, "operator class": operatorClass, collation, canonical, difference, multirange } = properties;
  const parts = { SUBTYPE: subtype, SUBTYPE_OPCLASS: operatorClass, COLLATION: collation, CANONICAL: canonical, SUBTYPE_DIFF: difference, MULTIRANGE_TYPE_NAME: multirange };
  return Object.entries(parts).flatMap(([word, value]) => (value === undefined ? [] : [`${word} = ${value}`]));
}

function alterType(change: Change): Written {
  if (change.property === "labels") return changeLabels(change);
  if (change.property === "definition") return changeBaseType(change);
  return change.property === "attributes" ? changeAttributes(change) : "remake";
}

/** Attributes can be added at the end, taken away and given another type; their order cannot be changed. */
function changeAttributes({ from, to, fact }: Change): Written {
  const [before, after] = [attributesOf(from), attributesOf(to)];
  const kept = [...before.keys()].filter((name) => after.has(name));
  const added = [...after.keys()].filter((name) => !before.has(name));
  const alter = (clause: string): string => `ALTER TYPE ${fact.name} ${clause} CASCADE`;
  const renamed = onlyRenamed(before, after);
  if (renamed !== undefined) return statements(alter(`RENAME ATTRIBUTE ${renamed[0]} TO ${renamed[1]}`));
  if ([...after.keys()].join() !== [...kept, ...added].join()) return "remake";
  return [
    ...[...before.keys()].filter((name) => !after.has(name)).map((name): Statement => ({ sql: alter(`DROP ATTRIBUTE ${name}`), loses: `the values of ${name} wherever ${fact.name} is stored` })),
    ...kept.filter((name) => before.get(name) !== after.get(name)).map((name): Statement => ({ sql: alter(`ALTER ATTRIBUTE ${name} TYPE ${after.get(name)}`) })),
    ...added.map((name): Statement => ({ sql: alter(`ADD ATTRIBUTE ${name} ${after.get(name)}`) })),
  ];
}

/** The old and the new name of the one attribute that has another, when all have the same types. */
function onlyRenamed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly [string, string] | undefined {
  if ([...before.values()].join("\0") !== [...after.values()].join("\0")) return undefined;
  const names = [...after.keys()];
  const pairs = [...before.keys()].map((name, at) => [name, names[at]!] as const).filter(([old, name]) => old !== name);
  return pairs.length === 1 ? pairs[0] : undefined;
}

/** What ALTER TYPE can set of a base type, by the words of its definition. */
const settable: Readonly<Record<string, string>> = { receive: "RECEIVE", send: "SEND", "modifier input": "TYPMOD_IN", "modifier output": "TYPMOD_OUT", analyze: "ANALYZE" };

type BaseType = Readonly<Record<string, string | number | boolean>>;

function changeBaseType({ from, to, fact }: Change): Written {
  const [before, after] = [from, to].map((definition) => JSON.parse(definition ?? "{}") as BaseType) as [BaseType, BaseType];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((part) => before[part] !== after[part]);
  const parts = changed.map((part) => [settable[part], after[part] ?? "NONE"] as const);
  if (parts.some(([word]) => word === undefined)) return cannot(`${fact.name} is a base type: its functions and its form in memory are made in C`);
  return [{ sql: `ALTER TYPE ${fact.name} SET (${parts.map(([word, value]) => `${word} = ${value}`).join(", ")})`, phase: phases.operator }];
}

/** Name and type of each attribute; a comma within quotes or parentheses separates none. */
function attributesOf(attributes: string | null): ReadonlyMap<string, string> {
  const items = (attributes ?? "").match(/(?:"(?:[^"]|"")*"|\([^)]*\)|[^,"(])+/gu) ?? [];
  return new Map(items.map((item) => item.trim()).map((item) => [ownName(item), item.slice(ownName(item).length + 1)]));
}

export const domains: Renderer = {
  phase: phases.type,
  reference: ({ name }) => `DOMAIN ${name}`,
  create: (fact) => statements(createDomain(fact)),
  alter: alterDomain,
};

function createDomain({ name, properties }: Fact): string {
  const { type, collation, default: initial, "not null": required } = properties;
  return [
    `CREATE DOMAIN ${name} AS ${type}`,
    ...(collation === undefined ? [] : [`COLLATE ${collation}`]),
    ...(initial === undefined ? [] : [`DEFAULT ${initial}`]),
    ...(required === "true" ? ["NOT NULL"] : []),
  ].join(" ");
}

function alterDomain({ property, to, fact }: Change): Written {
  if (property === "default") return statements(`ALTER DOMAIN ${fact.name} ${to === null ? "DROP DEFAULT" : `SET DEFAULT ${to}`}`);
  if (property === "not null") return statements(`ALTER DOMAIN ${fact.name} ${to === "true" ? "SET" : "DROP"} NOT NULL`);
  return "remake";
}
