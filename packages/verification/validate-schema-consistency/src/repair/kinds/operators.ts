import type { Fact } from "@org/postgres/schema";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { cannot, statements, type Written } from "../statement.ts";
import { operatorName } from "./routines.ts";

export const operators: Renderer = {
  phase: phases.operator,
  reference: ({ name }) => `OPERATOR ${parse(name).name} (${parse(name).args.join(", ")})`,
  create: (fact) => statements(createOperator(fact)),
};

/** A name such as `shop.<+>(numeric, NONE)`. */
function parse(name: string): { readonly name: string; readonly args: readonly string[] } {
  // Types stand here without modifiers, so their parentheses are the only ones.
  const at = name.lastIndexOf("(");
  return { name: name.slice(0, at), args: splitArguments(name.slice(at + 1, -1)) };
}

function splitArguments(list: string): readonly string[] {
  return list.match(/(?:"(?:[^"]|"")*"|[^,"])+/gu)?.map((item) => item.trim()) ?? [];
}

function createOperator(fact: Fact): string {
  const { name, args } = parse(fact.name);
  const [left, right] = args;
  const { function: called, commutator, negator, restrict, join, merges, hashes } = fact.properties;
  const clauses = [
    `FUNCTION = ${called}`,
    ...(left === undefined || left === "NONE" ? [] : [`LEFTARG = ${left}`]),
    `RIGHTARG = ${right}`,
    ...(commutator === undefined ? [] : [`COMMUTATOR = OPERATOR(${operatorName(commutator)})`]),
    ...(negator === undefined ? [] : [`NEGATOR = OPERATOR(${operatorName(negator)})`]),
    ...(restrict === undefined ? [] : [`RESTRICT = ${restrict}`]),
    ...(join === undefined ? [] : [`JOIN = ${join}`]),
    ...(merges === "true" ? ["MERGES"] : []),
    ...(hashes === "true" ? ["HASHES"] : []),
  ];
  return `CREATE OPERATOR ${name} (${clauses.join(", ")})`;
}

export const casts: Renderer = {
  phase: phases.cast,
  reference: ({ name }) => `CAST (${name})`,
  create: ({ name, properties }) => {
    const how = properties["function"] === undefined ? (properties["method"] === "i" ? "WITH INOUT" : "WITHOUT FUNCTION") : `WITH FUNCTION ${properties["function"]}`;
    const when = properties["context"] === "explicit" ? "" : ` AS ${properties["context"]?.toUpperCase()}`;
    return statements(`CREATE CAST (${name}) ${how}${when}`);
  },
};

export const conversions: Renderer = {
  phase: phases.conversion,
  reference: ({ name }) => `CONVERSION ${name}`,
  create: ({ name, properties }) =>
    statements(`CREATE ${properties["default"] === "true" ? "DEFAULT " : ""}CONVERSION ${name} FOR '${properties["from"]}' TO '${properties["to"]}' FROM ${properties["function"]}`),
};

export const operatorClasses: Renderer = {
  phase: phases.operatorClass,
  reference: ({ name }) => `OPERATOR CLASS ${name}`,
  create: ({ name, properties }) => {
    const { type, default: isDefault, "storage type": storage, family } = properties;
    const [own = "", method] = name.split(/ USING (?=[^ ]+$)/u);
    const members = membersOf(properties);
    if (members === undefined) return cannot(`the members of ${name} cannot be told from the catalogs' words`);
    // A class that binds nothing has to say something, and the type is what it stores anyway.
    const items = [...members.map(({ add }) => add), ...(storage === undefined && members.length > 0 ? [] : [`STORAGE ${storage ?? type}`])];
    return statements(`CREATE OPERATOR CLASS ${own}${isDefault === "true" ? " DEFAULT" : ""} FOR TYPE ${type} USING ${method} FAMILY ${family} AS ${items.join(", ")}`);
  },
};

export const operatorFamilies: Renderer = {
  phase: phases.operatorFamily,
  reference: ({ name }) => `OPERATOR FAMILY ${name}`,
  create: ({ name, properties }) => {
    const members = membersOf(properties);
    const add = members === undefined ? undefined : members.map((member) => member.add);
    if (add === undefined) return cannot(`the members of ${name} cannot be told from the catalogs' words`);
    return [
      ...statements(`CREATE OPERATOR FAMILY ${name}`),
      ...(add.length === 0 ? [] : [{ sql: `ALTER OPERATOR FAMILY ${name} ADD ${add.join(", ")}`, phase: phases.operatorClass - 1 }]),
    ];
  },
  alter: changeMembers,
};

interface Member {
  readonly add: string;
  readonly drop: string;
}

/** Members told as `1 shop.<(shop.t,shop.t)` and `1 shop.cmp(shop.t,shop.t)`. */
function membersOf({ operators: own, functions: support }: Readonly<Record<string, string>>): readonly Member[] | undefined {
  const members = [...readMembers("OPERATOR", own), ...readMembers("FUNCTION", support)];
  return members.some((member) => member === undefined) ? undefined : (members as readonly Member[]);
}

function readMembers(word: "OPERATOR" | "FUNCTION", list: string | undefined): readonly (Member | undefined)[] {
  const items = (list ?? "").match(/\d+ (?:"(?:[^"]|"")*"|[^(])+\([^)]*\)/gu) ?? [];
  return items.map((item) => {
    const [, number, name, args] = /^(\d+) (.*)\((.*)\)$/su.exec(item) ?? [];
    if (number === undefined || name === undefined || args === undefined) return undefined;
    const qualified = name.includes(".") ? name : `pg_catalog.${name}`;
    return { add: `${word} ${number} ${qualified}(${args})`, drop: `${word} ${number} (${args})` };
  });
}

function changeMembers({ property, from, to, fact }: Change): Written {
  const [before, after] = [from, to].map((value) => (value === null ? [] : membersOf({ [property]: value })));
  if (before === undefined || after === undefined) return cannot(`the members of ${fact.name} cannot be told from the catalogs' words`);
  const gone = before.filter(({ add }) => !after.some((other) => other.add === add)).map(({ drop }) => drop);
  const added = after.filter(({ add }) => !before.some((other) => other.add === add)).map(({ add }) => add);
  return statements(
    ...(gone.length === 0 ? [] : [`ALTER OPERATOR FAMILY ${fact.name} DROP ${gone.join(", ")}`]),
    ...(added.length === 0 ? [] : [`ALTER OPERATOR FAMILY ${fact.name} ADD ${added.join(", ")}`]),
  );
}
