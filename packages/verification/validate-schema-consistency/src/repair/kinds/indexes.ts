import type { Fact } from "@org/postgres/schema";
import { ownName } from "../names.ts";
import { phases, type Change, type Renderer, type Situation } from "../renderer.ts";
import { cannot, statements, type Statement, type Written } from "../statement.ts";
import { setClustered } from "./constraints.ts";
import { movesInTree } from "./tables.ts";

export const indexes: Renderer = {
  phase: phases.index,
  reference: ({ name }) => `INDEX ${name}`,
  create: createIndex,
  drop: dropIndex,
  alter: alterIndex,
};

/** A partition that is made has its own indexes until it is attached; one that is there gets them with that of its parent. */
function comesWithParent({ parent = "", properties }: Fact, { makes }: Situation): boolean {
  const parents = properties["parents"];
  return parents !== undefined && makes("index", parents) && !makes("table", parent);
}

function createIndex(fact: Fact, situation: Situation): readonly Statement[] {
  if (comesWithParent(fact, situation)) return [];
  const { name, parent = "", properties } = fact;
  const { definition = "", clustered, "replica identity": identity, tablespace, "statistics targets": targets } = properties;
  const [unique, rest] = definition.startsWith("UNIQUE ") ? ["UNIQUE ", definition.slice("UNIQUE ".length)] : ["", definition];
  // ONLY is how the server prints the index of a partitioned table; partitions that are there are to have it as well.
  const sql = `CREATE ${unique}INDEX ${ownName(name)} ${rest.replace(/^ON ONLY /u, "ON ")}`;
  return [
    ...statements(tablespace === undefined ? sql : withTablespace(sql, tablespace)),
    ...setTargets(name, null, targets ?? null),
    ...(clustered === "true" ? statements(`ALTER TABLE ${parent} CLUSTER ON ${ownName(name)}`) : []),
    ...(isToBeAttached(fact, situation) ? [{ sql: `ALTER INDEX ${properties["parents"]} ATTACH PARTITION ${name}`, phase: phases.attach }] : []),
    ...(identity === "true" ? [{ sql: `ALTER TABLE ${parent} REPLICA IDENTITY USING INDEX ${ownName(name)}`, phase: phases.attach }] : []),
  ];
}

/** One that is made for a partition that is there, under an index of the parent that is there too. */
function isToBeAttached({ parent = "", properties }: Fact, situation: Situation): boolean {
  const parents = properties["parents"];
  return parents !== undefined && !situation.makes("index", parents) && !movesInTree(situation, parent);
}

function withTablespace(sql: string, tablespace: string): string {
  const where = sql.lastIndexOf(" WHERE ");
  return where < 0 ? `${sql} TABLESPACE ${tablespace}` : `${sql.slice(0, where)} TABLESPACE ${tablespace}${sql.slice(where)}`;
}

const staysAttached = cannot("an index stays attached to that of its parent as long as the partition does");

function dropIndex(fact: Fact, { before, after, makes, changes }: Situation): Written {
  const parents = fact.properties["parents"];
  const goesWithParent = parents !== undefined && before.facts.has(`index ${parents}`) && (!after.facts.has(`index ${parents}`) || makes("index", parents));
  if (goesWithParent) return [];
  return parents !== undefined && !movesInTree({ makes, changes }, fact.parent ?? "") ? staysAttached : statements(`DROP INDEX ${fact.name}`);
}

function alterIndex({ property, from, to, fact }: Change, situation: Situation): Written {
  const { name, parent = "" } = fact;
  switch (property) {
    case "valid":
      if (isPartitioned(fact)) return to === "true" ? [] : cannot("the index of a partitioned table is valid as soon as each partition has its own");
      return to === "true" ? statements(`REINDEX INDEX ${name}`) : cannot("no statement makes an index invalid");
    case "clustered":
      return setClustered(fact, to, situation);
    case "replica identity":
      return [];
    case "tablespace":
      return statements(`ALTER INDEX ${name} SET TABLESPACE ${to ?? "pg_default"}`);
    case "statistics targets":
      return setTargets(name, from, to);
    case "parents":
      if (movesInTree(situation, parent)) return [];
      return to === null ? staysAttached : statements(`ALTER INDEX ${to} ATTACH PARTITION ${name}`);
    default:
      return "remake";
  }
}

/** Such an index is valid as soon as each partition has its own. */
function isPartitioned({ properties }: Fact): boolean {
  return /^(?:UNIQUE )?ON ONLY /u.test(properties["definition"] ?? "");
}

/** Each is told as the number of the column and its target. */
function setTargets(name: string, from: string | null, to: string | null): readonly Statement[] {
  const [before, after] = [from, to].map((targets) => new Map((targets ?? "").split(", ").filter((item) => item !== "").map((item) => item.split(":") as [string, string]))) as [
    Map<string, string>,
    Map<string, string>,
  ];
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((column) => before.get(column) !== after.get(column));
  return statements(...changed.map((column) => `ALTER INDEX ${name} ALTER COLUMN ${column} SET STATISTICS ${after.get(column) ?? "-1"}`));
}
