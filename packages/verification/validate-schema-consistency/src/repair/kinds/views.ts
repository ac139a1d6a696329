import type { Fact } from "@org/postgres/schema";
import { setAndReset, withClause } from "../names.ts";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { statements, type Written } from "../statement.ts";

export const views: Renderer = {
  phase: phases.view,
  reference: ({ name }) => `VIEW ${name}`,
  grantable: ({ name }) => `TABLE ${name}`,
  create: (fact) => statements(`CREATE VIEW ${fact.name}${parameters(fact)} AS\n${definition(fact)}`),
  alter: (change) => (change.property === "options" ? setOptions("VIEW", change) : "remake"),
};

export const materializedViews: Renderer = {
  phase: phases.view,
  reference: ({ name }) => `MATERIALIZED VIEW ${name}`,
  grantable: ({ name }) => `TABLE ${name}`,
  create: (fact) => {
    const { "access method": method, tablespace, populated } = fact.properties;
    const where = tablespace === undefined ? "" : ` TABLESPACE ${tablespace}`;
    const data = populated === "false" ? "\nWITH NO DATA" : "";
    return statements(`CREATE MATERIALIZED VIEW ${fact.name}${method === undefined ? "" : ` USING ${method}`}${parameters(fact)}${where} AS\n${definition(fact)}${data}`);
  },
  alter: alterMaterializedView,
};

function definition({ properties }: Fact): string {
  return (properties["definition"] ?? "").replace(/;\s*$/u, "");
}

function parameters({ properties }: Fact): string {
  const clauses = withClause(properties["options"]);
  return clauses.length === 0 ? "" : ` WITH (${clauses.join(", ")})`;
}

function setOptions(word: string, { fact, from, to }: Change): Written {
  return setAndReset(from, to).flatMap((clause) => statements(`ALTER ${word} ${fact.name} ${clause}`));
}

function alterMaterializedView(change: Change): Written {
  const { property, to, fact } = change;
  if (property === "options") return setOptions("MATERIALIZED VIEW", change);
  if (property === "tablespace") return statements(`ALTER MATERIALIZED VIEW ${fact.name} SET TABLESPACE ${to ?? "pg_default"}`);
  if (property === "access method" && to !== null) return statements(`ALTER MATERIALIZED VIEW ${fact.name} SET ACCESS METHOD ${to}`);
  if (property === "populated") return statements(`REFRESH MATERIALIZED VIEW ${fact.name}${to === "false" ? " WITH NO DATA" : ""}`);
  return "remake";
}
