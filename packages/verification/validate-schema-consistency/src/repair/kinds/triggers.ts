import { quoteLiteral } from "@org/postgres";
import { listItems, type Fact } from "@org/postgres/schema";
import { ownName } from "../names.ts";
import { phases, type Change, type Renderer, type Situation } from "../renderer.ts";
import { cannot, statements, type Statement, type Written } from "../statement.ts";
import { movesInTree } from "./tables.ts";

const states: Readonly<Record<string, string>> = { enabled: "ENABLE", disabled: "DISABLE", replica: "ENABLE REPLICA", always: "ENABLE ALWAYS" };

export const triggers: Renderer = {
  phase: phases.trigger,
  reference: ({ name, parent }) => `TRIGGER ${ownName(name)} ON ${parent}`,
  // A partition has those of its parent from being attached, and loses them with them.
  create: (fact) => (fact.properties["inherited"] === "true" ? ofState(fact, "TRIGGER") : [...statements(fact.properties["definition"] ?? ""), ...ofState(fact, "TRIGGER")]),
  drop: (fact) => (fact.properties["inherited"] === "true" ? [] : statements(`DROP TRIGGER ${ownName(fact.name)} ON ${fact.parent}`)),
  alter: (change, situation) => alterOnTable("TRIGGER", change, situation),
};

export const rules: Renderer = {
  phase: phases.rule,
  reference: ({ name, parent }) => `RULE ${ownName(name)} ON ${parent}`,
  create: (fact) => [...statements((fact.properties["definition"] ?? "").replace(/;\s*$/u, "")), ...ofState(fact, "RULE")],
  alter: (change, situation) => alterOnTable("RULE", change, situation),
};

function ofState({ name, parent, properties }: Fact, word: string): readonly Statement[] {
  const state = properties["state"];
  return state === undefined || state === "enabled" ? [] : statements(`ALTER TABLE ${parent} ${states[state]} ${word} ${ownName(name)}`);
}

function alterOnTable(word: string, { property, to, fact }: Change, situation: Situation): Written {
  const only = situation.sparesChildren(fact, property) ? "ONLY " : "";
  if (property === "state") return statements(`ALTER TABLE ${only}${fact.parent} ${states[to ?? "enabled"]} ${word} ${ownName(fact.name)}`);
  if (fact.properties["inherited"] !== "true") return "remake";
  return movesInTree(situation, fact.parent ?? "") ? [] : cannot("a trigger of a partition is changed with that of its parent");
}

export const eventTriggers: Renderer = {
  phase: phases.eventTrigger,
  reference: ({ name }) => `EVENT TRIGGER ${name}`,
  create: createEventTrigger,
  alter: ({ property, to, fact }) => (property === "state" ? statements(`ALTER EVENT TRIGGER ${fact.name} ${states[to ?? "enabled"]}`) : "remake"),
};

function createEventTrigger({ name, properties }: Fact): readonly Statement[] {
  const { event, function: called, tags, state = "enabled" } = properties;
  const when = tags === undefined ? "" : ` WHEN TAG IN (${listItems(tags).map((tag) => quoteLiteral(tag).trim()).join(", ")})`;
  return statements(`CREATE EVENT TRIGGER ${name} ON ${event}${when} EXECUTE FUNCTION ${called}`, ...(state === "enabled" ? [] : [`ALTER EVENT TRIGGER ${name} ${states[state]}`]));
}

export const policies: Renderer = {
  phase: phases.policy,
  reference: ({ name, parent }) => `POLICY ${ownName(name)} ON ${parent}`,
  create: createPolicy,
  alter: alterPolicy,
};

function createPolicy({ name, parent, properties }: Fact): readonly Statement[] {
  const { command = "all", form = "permissive", roles = "public" } = properties;
  return statements(`CREATE POLICY ${ownName(name)} ON ${parent} AS ${form.toUpperCase()} FOR ${command.toUpperCase()} TO ${roleList(roles)}${expressions(properties)}`);
}

function expressions({ using, "with check": check }: Fact["properties"]): string {
  return `${using === undefined ? "" : ` USING (${using})`}${check === undefined ? "" : ` WITH CHECK (${check})`}`;
}

function roleList(roles: string): string {
  return roles === "public" ? "PUBLIC" : roles;
}

/** ALTER POLICY cannot take an expression away, nor change what the policy is for. */
function alterPolicy({ property, to, fact: { name, parent, properties } }: Change): Written {
  if (!["using", "with check", "roles"].includes(property) || to === null) return "remake";
  return statements(`ALTER POLICY ${ownName(name)} ON ${parent} TO ${roleList(properties["roles"] ?? "public")}${expressions(properties)}`);
}
