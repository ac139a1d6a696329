import type { Fact } from "@org/postgres/schema";
import { foreignOptions, setAndReset, withClause } from "../names.ts";
import { phases, type Change, type Renderer, type Situation } from "../renderer.ts";
import { columnsOf, type Side } from "../side.ts";
import { statements, type Statement, type Written } from "../statement.ts";
import { columnDefinition } from "./columns.ts";

export const tables: Renderer = {
  phase: phases.table,
  reference: ({ name, properties }) => `${properties["form"] === "foreign" ? "FOREIGN TABLE" : "TABLE"} ${name}`,
  grantable: ({ name }) => `TABLE ${name}`,
  create: createTable,
  drop: ({ name, properties }) => (properties["form"] === "foreign" ? statements(`DROP FOREIGN TABLE ${name}`) : [{ sql: `DROP TABLE ${name}`, loses: `the rows of ${name}` }]),
  alter: alterTable,
  alterPhase: ({ property, to }) => (property === "partition bound" ? (to === null ? phases.detach : phases.attach) : property === "replica identity" ? phases.attach : phases.table),
};

function createTable(fact: Fact, { after }: Situation): readonly Statement[] {
  const { name, properties } = fact;
  const { form, persistence } = properties;
  const words = [...(persistence === "unlogged" ? ["UNLOGGED"] : []), ...(form === "foreign" ? ["FOREIGN"] : []), "TABLE"];
  const parts = [`CREATE ${words.join(" ")} ${name}${columnList(fact, after)}`, ...clauses(fact)];
  return [{ sql: parts.join(" ") }, ...afterCreation(fact, after)];
}

/** Columns of a parent table come from it; a partition has its own, until it is attached. */
function columnList(fact: Fact, side: Side): string {
  const { properties } = fact;
  if (properties["of type"] !== undefined) return ` OF ${properties["of type"]}`;
  const columns = columnsOf(side, fact).filter((column) => properties["partition bound"] !== undefined || column.properties["inherited"] !== "true");
  return columns.length === 0 ? " ()" : ` (\n  ${columns.map(columnDefinition).join(",\n  ")}\n)`;
}

function clauses({ properties }: Fact): string[] {
  const { parents, options, "toast options": toast, "access method": method, tablespace, "partition key": key, "partition bound": bound, server, "server options": far } = properties;
  const parameters = [...withClause(options), ...withClause(toast, "toast.")];
  return [
    ...(parents === undefined || bound !== undefined ? [] : [`INHERITS (${parents})`]),
    ...(key === undefined ? [] : [`PARTITION BY ${key}`]),
    ...(method === undefined || key !== undefined || method === "heap" ? [] : [`USING ${method}`]),
    ...(parameters.length === 0 ? [] : [`WITH (${parameters.join(", ")})`]),
    ...(tablespace === undefined ? [] : [`TABLESPACE ${tablespace}`]),
    ...(server === undefined ? [] : [`SERVER ${server}${foreignOptions(null, far, true)}`]),
  ];
}

function afterCreation({ name, properties }: Fact, side: Side): readonly Statement[] {
  const { "row security": rows, "row security forced": forced, "replica identity": identity, parents = "", "partition bound": bound } = properties;
  return [
    ...(rows === "true" ? statements(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`) : []),
    ...(forced === "true" ? statements(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`) : []),
    ...(identity === undefined || identity === "default" ? [] : replicaIdentity(name, identity, side)),
    ...(bound === undefined ? [] : [{ sql: attach(parents, name, bound), phase: phases.attach }]),
  ];
}

function attach(parent: string, partition: string, bound: string): string {
  return `ALTER TABLE ${parent} ATTACH PARTITION ${partition} ${bound}`;
}

/** The identity by an index is told where the index is. */
function replicaIdentity(name: string, identity: string, side: Side): readonly Statement[] {
  if (identity !== "index") return statements(`ALTER TABLE ${name} REPLICA IDENTITY ${identity.toUpperCase()}`);
  const isIdentity = ({ kind, properties }: Fact): boolean => (kind === "index" || kind === "constraint") && properties["replica identity"] === "true";
  const index = (side.parts.get(name) ?? []).find(isIdentity);
  return index === undefined ? [] : [{ sql: `ALTER TABLE ${name} REPLICA IDENTITY USING INDEX ${indexName(index)}`, phase: phases.attach }];
}

function indexName({ name, parent = "" }: Fact): string {
  return name.startsWith(`${parent}.`) ? name.slice(parent.length + 1) : name.slice(name.indexOf(".") + 1);
}

function alterTable(change: Change, situation: Situation): Written {
  const { property, from, to, fact, old } = change;
  const { name } = fact;
  const sql = (text: string): Written => statements(`ALTER ${fact.properties["form"] === "foreign" ? "FOREIGN TABLE" : "TABLE"} ${name} ${text}`);
  switch (property) {
    case "persistence":
      return to === "unlogged" ? [{ sql: `ALTER TABLE ${name} SET UNLOGGED`, loses: `the rows of ${name} when the server crashes` }] : sql("SET LOGGED");
    case "options":
      return setAndReset(from, to).flatMap((clause) => statements(`ALTER TABLE ${name} ${clause}`));
    case "toast options":
      return setAndReset(from, to, "toast.").flatMap((clause) => statements(`ALTER TABLE ${name} ${clause}`));
    case "row security":
      return sql(`${to === "true" ? "ENABLE" : "DISABLE"} ROW LEVEL SECURITY`);
    case "row security forced":
      return sql(`${to === "true" ? "" : "NO "}FORCE ROW LEVEL SECURITY`);
    case "replica identity":
      return replicaIdentity(name, to ?? "default", situation.after);
    case "access method":
      return to === null ? "remake" : sql(`SET ACCESS METHOD ${to}`);
    case "tablespace":
      return sql(`SET TABLESPACE ${to ?? "pg_default"}`);
    case "of type":
      return sql(to === null ? "NOT OF" : `OF ${to}`);
    case "partition bound":
      return movePartition(old, fact);
    case "parents":
      return old.properties["partition bound"] ?? fact.properties["partition bound"] ? movePartition(old, fact) : moveChild(old, fact);
    case "server options":
      return sql(foreignOptions(from, to).trim());
    default:
      return "remake";
  }
}

function movePartition(old: Fact, fact: Fact): readonly Statement[] {
  const [from, to] = [old.properties, fact.properties];
  return statements(
    ...(from["partition bound"] === undefined ? [] : [`ALTER TABLE ${from["parents"]} DETACH PARTITION ${fact.name}`]),
    ...(to["partition bound"] === undefined ? [] : [attach(to["parents"] ?? "", fact.name, to["partition bound"])]),
  );
}

function moveChild(old: Fact, fact: Fact): readonly Statement[] {
  const [from, to] = [old, fact].map(({ properties }) => (properties["parents"] ?? "").split(", ").filter((parent) => parent !== "")) as [string[], string[]];
  return statements(
    ...from.filter((parent) => !to.includes(parent)).map((parent) => `ALTER TABLE ${fact.name} NO INHERIT ${parent}`),
    ...to.filter((parent) => !from.includes(parent)).map((parent) => `ALTER TABLE ${fact.name} INHERIT ${parent}`),
  );
}

/** Whether a table is made, attached or detached, so that what it has from its parents comes and goes with that. */
export function movesInTree({ makes, changes }: Pick<Situation, "makes" | "changes">, table: string): boolean {
  return makes("table", table) || changes("table", table, "partition bound") || changes("table", table, "parents");
}

/** The tables that a table inherits from. */
export function parentsOf(side: Side, table: string): readonly string[] {
  const parents = side.facts.get(`table ${table}`)?.properties["parents"];
  return parents === undefined ? [] : parents.split(", ");
}
