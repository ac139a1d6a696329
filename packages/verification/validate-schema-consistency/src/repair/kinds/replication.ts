import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import { listItems, type Fact } from "@org/postgres/schema";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { cannot, statements, type Written } from "../statement.ts";

export const publications: Renderer = {
  phase: phases.publication,
  reference: ({ name }) => `PUBLICATION ${name}`,
  create: ({ name, properties }) => {
    const objects = properties["all tables"] === "true" ? "ALL TABLES" : published(properties);
    return statements(`CREATE PUBLICATION ${name}${objects === "" ? "" : ` FOR ${objects}`} WITH (${publishing(properties)})`);
  },
  alter: alterPublication,
};

function publishing({ operations = "", "via root": root = "false" }: Fact["properties"]): string {
  return `publish = ${quoteLiteral(operations).trim()}, publish_via_partition_root = ${root}`;
}

function published({ tables, schemas }: Fact["properties"]): string {
  return [...(tables === undefined ? [] : [`TABLE ${tables}`]), ...(schemas === undefined ? [] : [`TABLES IN SCHEMA ${schemas}`])].join(", ");
}

function alterPublication({ property, fact: { name, properties } }: Change): Written {
  if (property === "operations" || property === "via root") return statements(`ALTER PUBLICATION ${name} SET (${publishing(properties)})`);
  const objects = published(properties);
  return (property === "tables" || property === "schemas") && objects !== "" ? statements(`ALTER PUBLICATION ${name} SET ${objects}`) : "remake";
}

export const subscriptions: Renderer = {
  phase: phases.publication,
  reference: ({ name }) => `SUBSCRIPTION ${name}`,
  create: ({ name }) => cannot(`the connection string of the subscription ${name} holds a password, which no snapshot keeps`),
  drop: ({ name }) => [{ sql: `DROP SUBSCRIPTION ${name}`, loses: "its place in what the publisher sends" }],
  alter: ({ property, to, fact: { name } }) => {
    if (property === "enabled") return statements(`ALTER SUBSCRIPTION ${name} ${to === "true" ? "ENABLE" : "DISABLE"}`);
    if (property === "publications") return statements(`ALTER SUBSCRIPTION ${name} SET PUBLICATION ${listItems(to).map(quoteIdentifier).join(", ")}`);
    return cannot(`no statement is known for the ${property} of a subscription`);
  },
};
