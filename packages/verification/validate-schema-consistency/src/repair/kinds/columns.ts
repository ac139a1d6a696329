import { quoteLiteral } from "@org/postgres";
import type { Fact } from "@org/postgres/schema";
import { dollarQuote } from "../dollar-quote.ts";
import { foreignOptions, ownName, role, setAndReset, unquoted } from "../names.ts";
import { phases, type Change, type Renderer, type Situation } from "../renderer.ts";
import { cannot, statements, type Statement, type Written } from "../statement.ts";
import { parentsOf } from "./tables.ts";
import { isWidening } from "./widening.ts";

export const columns: Renderer = {
  phase: phases.column,
  reference: ({ name }) => `COLUMN ${name}`,
  create: createColumn,
  drop: dropColumn,
  alter: alterColumn,
  // What must go before a column can be changed goes first, what can come only after it last.
  alterPhase: ({ property, to }) => phases.columnChange + (to === null && property !== "not null" ? 0 : order.indexOf(property) + 1) / 100,
};

const order: readonly string[] = ["type", "collation", "generated as", "generated", "not null", "default", "identity", "identity sequence", "grants on its sequence"];

/** As CREATE TABLE and ADD COLUMN take it. */
export function columnDefinition(fact: Fact): string {
  const { type, collation, "not null": required, default: initial, "generated as": expression, identity, "server options": far } = fact.properties;
  return [
    `${ownName(fact.name)} ${type}${foreignOptions(null, far, true)}`,
    ...(collation === undefined ? [] : [`COLLATE ${collation}`]),
    ...(expression === undefined ? [] : [`GENERATED ALWAYS AS (${expression}) ${fact.properties["generated"] === "virtual" ? "VIRTUAL" : "STORED"}`]),
    ...(identity === undefined ? [] : [`GENERATED ${identity.toUpperCase()} AS IDENTITY${sequenceOptions(fact)}`]),
    ...(initial === undefined ? [] : [`DEFAULT ${initial}`]),
    ...(required === "true" ? ["NOT NULL"] : []),
  ].join(" ");
}

const identitySequence = /^.+ start (\S+) increment (\S+) minimum (\S+) maximum (\S+) cache (\S+?)( cycle)?$/u;

function sequenceClauses({ properties }: Fact): readonly string[] {
  const [, start, increment, minimum, maximum, cache, cycle] = identitySequence.exec(properties["identity sequence"] ?? "") ?? [];
  if (start === undefined) return [];
  return [`START WITH ${start}`, `INCREMENT BY ${increment}`, `MINVALUE ${minimum}`, `MAXVALUE ${maximum}`, `CACHE ${cache}`, cycle === undefined ? "NO CYCLE" : "CYCLE"];
}

function sequenceOptions(fact: Fact): string {
  const clauses = sequenceClauses(fact);
  return clauses.length === 0 ? "" : ` (${clauses.join(" ")})`;
}

function createColumn(fact: Fact, situation: Situation): readonly Statement[] {
  const { name, parent = "" } = fact;
  const isOfView = situation.after.facts.has(`view ${parent}`) || situation.after.facts.has(`materialized view ${parent}`) || situation.after.facts.has(`type ${parent}`);
  if (isOfView) return fact.properties["default"] === undefined ? [] : statements(`ALTER VIEW ${parent} ALTER COLUMN ${ownName(name)} SET DEFAULT ${fact.properties["default"]}`);
  const comesWithTable = situation.makes("table", parent) || comesWithParent(fact, situation, (table) => situation.makes("column", `${table}.${ownName(name)}`));
  const add = comesWithTable ? [] : statements(`ALTER TABLE ${parent} ADD COLUMN ${columnDefinition(fact)}`);
  return [...add, ...["storage", "compression", "statistics target", "options"].flatMap((property) => tune(fact, property, { from: null, to: fact.properties[property] ?? null }))];
}

function dropColumn(fact: Fact, situation: Situation): Written {
  const { name, parent = "", properties } = fact;
  if (comesWithParent(fact, situation, (table) => !situation.after.facts.has(`column ${table}.${ownName(name)}`) || situation.makes("column", `${table}.${ownName(name)}`))) return [];
  const sql = `ALTER TABLE ${parent} DROP COLUMN ${ownName(name)}`;
  return [properties["generated as"] === undefined ? { sql, loses: `the values of ${name}` } : { sql }];
}

/** What a table has from its parents is changed there. */
function comesWithParent({ parent = "", properties }: Fact, { before, after }: Situation, isDoneAt: (table: string) => boolean): boolean {
  if (properties["inherited"] !== "true") return false;
  return [...parentsOf(before, parent), ...parentsOf(after, parent)].some(isDoneAt);
}

function alterColumn(change: Change, situation: Situation): Written {
  const { property, from, to, fact } = change;
  const { name, parent } = fact;
  if (["type", "collation", "not null"].includes(property) && comesWithParent(fact, situation, (table) => situation.changes("column", `${table}.${ownName(name)}`, property))) return [];
  const sql = (...clauses: readonly string[]): readonly Statement[] => clauses.map((clause) => ({ sql: `ALTER TABLE ${parent} ALTER COLUMN ${ownName(name)} ${clause}` }));
  switch (property) {
    case "type":
      return changeType(change);
    case "collation":
      return situation.changes("column", name, "type") ? [] : changeType(change);
    case "not null":
      return sql(to === "true" ? "SET NOT NULL" : "DROP NOT NULL");
    case "default":
      return situation.after.facts.has(`view ${parent}`)
        ? statements(`ALTER VIEW ${parent} ALTER COLUMN ${ownName(name)} ${to === null ? "DROP DEFAULT" : `SET DEFAULT ${to}`}`)
        : statements(`ALTER TABLE ${situation.sparesChildren(fact, property) ? "ONLY " : ""}${parent} ALTER COLUMN ${ownName(name)} ${to === null ? "DROP DEFAULT" : `SET DEFAULT ${to}`}`);
    case "generated as":
    case "generated":
      return changeExpression(change, situation);
    case "identity":
      return changeIdentity(change);
    case "identity sequence":
      return changeIdentitySequence(change, situation);
    case "grants on its sequence":
      // It comes with the identity, and without any of them.
      return situation.changes("column", name, "identity") && to === null ? [] : changeSequenceGrants(change);
    default:
      return tunable.includes(property) ? tune(fact, property, { from, to }) : cannot(`no statement is known for the ${property} of a column`);
  }
}

function changeType({ old, fact }: Change): readonly Statement[] {
  const { name, parent, properties } = fact;
  const [from, to] = [old.properties["type"] ?? "", properties["type"] ?? ""];
  const column = ownName(name);
  const collation = properties["collation"] === undefined ? "" : ` COLLATE ${properties["collation"]}`;
  const alter = (clause: string): string => `ALTER TABLE ${parent} ALTER COLUMN ${column} ${clause}`;
  const change = { sql: alter(`TYPE ${to}${collation} USING ${column}::${to}`), ...(from === to || isWidening(from, to) ? {} : { loses: `what ${to} cannot hold of the values of ${name}` }) };
  // A default is cast along only where an assignment would be; set anew it is always the one that is meant.
  const hasDefault = from !== to && old.properties["default"] !== undefined;
  return [
    ...(hasDefault ? statements(alter("DROP DEFAULT")) : []),
    change,
    ...(hasDefault && properties["default"] !== undefined ? statements(alter(`SET DEFAULT ${properties["default"]}`)) : []),
  ];
}

const setsExpressions = 170_000;

function changeExpression({ old, fact }: Change, { before }: Situation): Written {
  const { name, parent, properties } = fact;
  const [from, to] = [old.properties, properties];
  const alter = `ALTER TABLE ${parent} ALTER COLUMN ${ownName(name)}`;
  if (to["generated as"] === undefined && from["generated"] !== "virtual") return statements(`${alter} DROP EXPRESSION`);
  const isSameForm = from["generated as"] !== undefined && from["generated"] === to["generated"];
  if (isSameForm && before.serverVersion >= setsExpressions) return statements(`${alter} SET EXPRESSION AS (${to["generated as"]})`);
  return "remake";
}

function changeIdentity({ from, to, fact }: Change): readonly Statement[] {
  const alter = `ALTER TABLE ${fact.parent} ALTER COLUMN ${ownName(fact.name)}`;
  if (to === null) return [{ sql: `${alter} DROP IDENTITY`, loses: `the position of the identity of ${fact.name}` }];
  return statements(from === null ? `${alter} ADD GENERATED ${to.toUpperCase()} AS IDENTITY${sequenceOptions(fact)}` : `${alter} SET GENERATED ${to.toUpperCase()}`);
}

/** It comes and goes with the identity. */
function changeIdentitySequence({ from, to, fact }: Change, { changes }: Situation): Written {
  if (from === null || to === null) return changes("column", fact.name, "identity") ? [] : cannot("the sequence of an identity column cannot be told from the catalogs");
  const clauses = sequenceClauses(fact).map((clause) => `SET ${clause}`);
  return statements(`ALTER TABLE ${fact.parent} ALTER COLUMN ${ownName(fact.name)} ${clauses.join(" ")}`);
}

/** The sequence goes by a name that a snapshot does not hold, so it is looked up where the statements run. */
function changeSequenceGrants({ from, to, fact }: Change): readonly Statement[] {
  const [before, after] = [from, to].map((grants) => (grants ?? "").split(/, (?=[A-Z]+ to )/u).filter((grant) => grant !== "")) as [string[], string[]];
  const sequence = `pg_catalog.pg_get_serial_sequence(${quoteLiteral(fact.parent ?? "").trim()}, ${quoteLiteral(unquoted(ownName(fact.name))).trim()})`;
  const write = (grants: readonly string[], verb: string, word: string): readonly string[] =>
    grants.map((grant) => {
      const at = grant.indexOf(" to ");
      const statement = `${verb} ${grant.slice(0, at)} ON SEQUENCE %s ${word} ${role(grant.slice(at + " to ".length)).replaceAll("%", "%%")}`;
      return `DO ${dollarQuote(` BEGIN EXECUTE pg_catalog.format(${quoteLiteral(statement).trim()}, ${sequence}); END `)}`;
    });
  return statements(...write(before.filter((grant) => !after.includes(grant)), "REVOKE", "FROM"), ...write(after.filter((grant) => !before.includes(grant)), "GRANT", "TO"));
}

const tunable: readonly string[] = ["storage", "compression", "statistics target", "options", "server options"];

function tune({ name, parent, properties }: Fact, property: string, { from, to }: Pick<Change, "from" | "to">): readonly Statement[] {
  if (from === to) return [];
  const clauses: Readonly<Record<string, () => readonly string[]>> = {
    storage: () => [`SET STORAGE ${(to ?? defaultStorage(properties["type"] ?? "")).toUpperCase()}`],
    compression: () => [`SET COMPRESSION ${to ?? "default"}`],
    "statistics target": () => [`SET STATISTICS ${to ?? "-1"}`],
    options: () => setAndReset(from, to),
    "server options": () => [foreignOptions(from, to).trim()],
  };
  const table = property === "server options" ? "FOREIGN TABLE" : "TABLE";
  return (clauses[property]?.() ?? []).map((clause) => ({ sql: `ALTER ${table} ${parent} ALTER COLUMN ${ownName(name)} ${clause}` }));
}

/** SET STORAGE DEFAULT is younger than the oldest server that is supported. */
function defaultStorage(type: string): string {
  if (/^numeric\b/u.test(type)) return "main";
  return /^(?:smallint|integer|bigint|real|double|boolean|date|time|timestamp|interval|uuid|oid|money|macaddr)/u.test(type) ? "plain" : "extended";
}
