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
  return change.property === "attributes" ? changeAttributes(change) : "remake";
}

/** Attributes can be added at the end, taken away and given another type; their order cannot be changed. */
function changeAttributes({ from, to, fact }: Change): Written {
  const [before, after] = [attributesOf(from), attributesOf(to)];
  const kept = [...before.keys()].filter((name) => after.has(name));
  const added = [...after.keys()].filter((name) => !before.has(name));
  if ([...after.keys()].join() !== [...kept, ...added].join()) return "remake";
  const alter = (clause: string): string => `ALTER TYPE ${fact.name} ${clause} CASCADE`;
  return [
    ...[...before.keys()].filter((name) => !after.has(name)).map((name): Statement => ({ sql: alter(`DROP ATTRIBUTE ${name}`), loses: `the values of ${name} wherever ${fact.name} is stored` })),
    ...kept.filter((name) => before.get(name) !== after.get(name)).map((name): Statement => ({ sql: alter(`ALTER ATTRIBUTE ${name} TYPE ${after.get(name)}`) })),
    ...added.map((name): Statement => ({ sql: alter(`ADD ATTRIBUTE ${name} ${after.get(name)}`) })),
  ];
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
