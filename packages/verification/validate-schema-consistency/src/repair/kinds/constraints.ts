import { quoteLiteral } from "@org/postgres";
import type { Fact } from "@org/postgres/schema";
import { dollarQuote } from "../dollar-quote.ts";
import { hasWord } from "../mentions.ts";
import { ownName, setAndReset } from "../names.ts";
import { phases, type Change, type Renderer, type Situation } from "../renderer.ts";
import { find, type Side } from "../side.ts";
import { cannot, statements, type Statement, type Written } from "../statement.ts";
import { movesInTree, parentsOf } from "./tables.ts";

export const constraints: Renderer = {
  phase: phases.constraint,
  reference: ({ name, parent }, side) => `CONSTRAINT ${ownName(name)} ON ${isOfDomain(side, parent) ? "DOMAIN " : ""}${parent}`,
  create: createConstraint,
  drop: dropConstraint,
  alter: alterConstraint,
  alterPhase: ({ property }) => (property === "validated" || property === "enforcement" ? phases.enforcement : phases.attach),
};

function isOfDomain(side: Side, parent = ""): boolean {
  return find(side, "domain", parent) !== undefined;
}

/** Whether a domain is what arrays or the attributes of composite types are of. */
function isWithinOthers(side: Side, name = ""): boolean {
  if (!isOfDomain(side, name)) return false;
  return [...side.facts.values()].some(({ kind, properties }) => (kind === "type" && hasWord(properties["attributes"] ?? "", name)) || (kind === "column" && properties["type"] === `${name}[]`));
}

export function isForeignKey({ properties }: Fact): boolean {
  return properties["definition"]?.startsWith("FOREIGN KEY") === true;
}

/** What follows from a constraint of a parent table comes with that, and a partition that is made has its own keys until it is attached. */
function comesWithParent(fact: Fact, { before, after, makes }: Situation, partitionHasIt: boolean): boolean {
  const { parent = "", properties } = fact;
  if (properties["local"] !== "false") return false;
  const isPartition = after.facts.get(`table ${parent}`)?.properties["partition bound"] !== undefined;
  if (partitionHasIt && isPartition && makes("table", parent)) return isForeignKey(fact);
  return parentsOf(before, parent).length > 0 || parentsOf(after, parent).length > 0;
}

function createConstraint(fact: Fact, situation: Situation): Written {
  if (comesWithParent(fact, situation, true)) return [];
  const { name, parent, properties } = fact;
  if (properties["validated"] === "true" && isWithinOthers(situation.before, parent)) return cannot(`PostgreSQL checks no rows for a constraint of ${parent}, which is within arrays or composite types of tables`);
  const { definition, validated, clustered, "replica identity": identity, enforcement } = properties;
  const isOfTable = !isOfDomain(situation.after, parent);
  const notValid = validated === "false" && !definition?.includes("NOT ENFORCED") ? " NOT VALID" : "";
  const phase = isForeignKey(fact) ? { phase: phases.foreignKey } : {};
  const add = { sql: `ALTER ${isOfTable ? "TABLE" : "DOMAIN"} ${parent} ADD CONSTRAINT ${ownName(name)} ${definition}${notValid}`, ...phase };
  if (!["enabled", "D"].includes(enforcement ?? "enabled")) return cannot(`the triggers of the foreign key ${name} differ among each other`);
  return [
    add,
    ...(enforcement === "D" ? [{ sql: setEnforcement(fact, "DISABLE"), phase: phases.enforcement }] : []),
    ...(clustered === "true" ? statements(`ALTER TABLE ${parent} CLUSTER ON ${ownName(name)}`) : []),
    ...setOptions(fact, null, properties["index options"] ?? null),
    ...(properties["index tablespace"] === undefined ? [] : statements(`ALTER INDEX ${indexOf(fact)} SET TABLESPACE ${properties["index tablespace"]}`)),
    ...(properties["index comment"] === undefined ? [] : commentOnIndex(fact, properties["index comment"])),
    ...(identity === "true" ? [{ sql: `ALTER TABLE ${parent} REPLICA IDENTITY USING INDEX ${ownName(name)}`, phase: phases.attach }] : []),
  ];
}

function dropConstraint(fact: Fact, situation: Situation): readonly Statement[] {
  const { name, parent = "" } = fact;
  if (comesWithParent(fact, situation, false) && !movesInTree(situation, parent)) return [];
  return [{ sql: `ALTER ${isOfDomain(situation.before, parent) ? "DOMAIN" : "TABLE"} ${parent} DROP CONSTRAINT ${ownName(name)}`, ...(isForeignKey(fact) ? { phase: -phases.foreignKey } : {}) }];
}

function alterConstraint({ property, from, to, fact }: Change, situation: Situation): Written {
  const { name, parent = "" } = fact;
  switch (property) {
    case "validated":
      if (to !== "true") return "remake";
      return statements(`ALTER ${isOfDomain(situation.after, parent) ? "DOMAIN" : "TABLE"} ${parent} VALIDATE CONSTRAINT ${ownName(name)}`);
    case "local":
      return movesInTree(situation, parent) ? [] : cannot("whether a constraint is also the table's own can be chosen only when it is made");
    case "index valid":
      return to === "true" ? statements(`REINDEX INDEX ${indexOf(fact)}`) : cannot("no statement makes an index invalid");
    case "index options":
      return setOptions(fact, from, to);
    case "index tablespace":
      return statements(`ALTER INDEX ${indexOf(fact)} SET TABLESPACE ${to ?? "pg_default"}`);
    case "index comment":
      return commentOnIndex(fact, to);
    case "clustered":
      return setClustered(fact, to, situation);
    case "replica identity":
      return [];
    case "enforcement":
      return to === "enabled" || to === "D" ? statements(setEnforcement(fact, to === "enabled" ? "ENABLE" : "DISABLE")) : cannot(`the triggers of the foreign key ${name} differ among each other`);
    default:
      return "remake";
  }
}

/** The index behind a constraint has the schema of its table and the constraint's name. */
function indexOf({ name, parent = "" }: Fact): string {
  return `${parent.slice(0, parent.length - ownName(parent).length)}${ownName(name)}`;
}

function setOptions(fact: Fact, from: string | null, to: string | null): readonly Statement[] {
  return statements(...setAndReset(from, to).map((clause) => `ALTER INDEX ${indexOf(fact)} ${clause}`));
}

function commentOnIndex(fact: Fact, comment: string | null): readonly Statement[] {
  return statements(`COMMENT ON INDEX ${indexOf(fact)} IS ${comment === null ? "NULL" : quoteLiteral(comment).trim()}`);
}

/** Marks one index of the table; with none marked the mark is taken away. */
export function setClustered({ name, parent = "" }: Fact, to: string | null, { after }: Situation): readonly Statement[] {
  if (to === "true") return statements(`ALTER TABLE ${parent} CLUSTER ON ${ownName(name)}`);
  const isAnother = (after.parts.get(parent) ?? []).some(({ properties }) => properties["clustered"] === "true");
  return isAnother ? [] : statements(`ALTER TABLE ${parent} SET WITHOUT CLUSTER`);
}

/** The triggers of a foreign key have names of the server's making, so they are found when the statement runs. */
function setEnforcement({ name, parent = "" }: Fact, verb: "ENABLE" | "DISABLE"): string {
  const [table, constraint] = [quoteLiteral(parent).trim(), quoteLiteral(ownName(name)).trim()];
  const body = `
DECLARE
  own record;
BEGIN
  FOR own IN
    SELECT tg.tgrelid::pg_catalog.regclass AS relation, tg.tgname FROM pg_catalog.pg_trigger tg JOIN pg_catalog.pg_constraint con ON con.oid = tg.tgconstraint
    WHERE con.conrelid = ${table}::pg_catalog.regclass AND pg_catalog.quote_ident(con.conname) = ${constraint} AND tg.tgisinternal
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s ${verb} TRIGGER %I', own.relation, own.tgname);
  END LOOP;
END `;
  return `DO ${dollarQuote(body)}`;
}
