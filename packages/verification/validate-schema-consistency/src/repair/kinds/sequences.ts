import type { Fact } from "@org/postgres/schema";
import { phases, type Renderer } from "../renderer.ts";
import { cannot, statements, type Statement } from "../statement.ts";

export const sequences: Renderer = {
  phase: phases.sequence,
  reference: ({ name }) => `SEQUENCE ${name}`,
  create: createSequence,
  drop: ({ name }) => [{ sql: `DROP SEQUENCE ${name}`, loses: `the position of ${name}` }],
  alter: ({ property, to, fact }) => {
    if (property === "owned by") return ownedBy(fact);
    if (property === "persistence") return statements(`ALTER SEQUENCE ${fact.name} SET ${to === "unlogged" ? "UNLOGGED" : "LOGGED"}`);
    // The properties hang together: another type brings other bounds.
    return numeric.has(property) ? statements(`ALTER SEQUENCE ${fact.name} ${shape(fact)}`) : cannot(`no statement is known for the ${property} of a sequence`);
  },
  alterPhase: ({ property, to }) => (property !== "owned by" ? phases.sequence : to === null ? phases.detach : phases.ownedBy),
};

const numeric: ReadonlySet<string> = new Set(["type", "start", "increment", "minimum", "maximum", "cache", "cycle"]);

function createSequence(fact: Fact): readonly Statement[] {
  const unlogged = fact.properties["persistence"] === "unlogged" ? "UNLOGGED " : "";
  return [...statements(`CREATE ${unlogged}SEQUENCE ${fact.name} ${shape(fact)}`), ...(fact.properties["owned by"] === undefined ? [] : ownedBy(fact))];
}

function shape({ properties }: Fact): string {
  const { type, start, increment, minimum, maximum, cache, cycle } = properties;
  return `AS ${type} START WITH ${start} INCREMENT BY ${increment} MINVALUE ${minimum} MAXVALUE ${maximum} CACHE ${cache} ${cycle === "true" ? "CYCLE" : "NO CYCLE"}`;
}

function ownedBy({ name, properties }: Fact): readonly Statement[] {
  return [{ sql: `ALTER SEQUENCE ${name} OWNED BY ${properties["owned by"] ?? "NONE"}`, ...(properties["owned by"] === undefined ? {} : { phase: phases.ownedBy }) }];
}
