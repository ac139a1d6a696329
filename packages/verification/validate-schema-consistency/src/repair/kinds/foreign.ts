import { quoteLiteral } from "@org/postgres";
import type { Fact } from "@org/postgres/schema";
import { foreignOptions, holdsDigest } from "../names.ts";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { cannot, statements, type Written } from "../statement.ts";

const secret = (of: string): Written => cannot(`${of} holds a secret, which no snapshot keeps`);

export const wrappers: Renderer = {
  phase: phases.foreign,
  reference: ({ name }) => `FOREIGN DATA WRAPPER ${name}`,
  create: ({ name, properties: { handler, validator, options } }) =>
    statements(`CREATE FOREIGN DATA WRAPPER ${name}${handler === undefined ? "" : ` HANDLER ${handler}`}${validator === undefined ? "" : ` VALIDATOR ${validator}`}${foreignOptions(null, options, true)}`),
  alter: ({ property, from, to, fact }) => {
    if (property === "options") return statements(`ALTER FOREIGN DATA WRAPPER ${fact.name}${foreignOptions(from, to)}`);
    return statements(`ALTER FOREIGN DATA WRAPPER ${fact.name} ${to === null ? "NO " : ""}${property.toUpperCase()}${to === null ? "" : ` ${to}`}`);
  },
};

export const servers: Renderer = {
  phase: phases.foreign + 1,
  reference: ({ name }) => `SERVER ${name}`,
  grantable: ({ name }) => `FOREIGN SERVER ${name}`,
  create: ({ name, properties: { wrapper, type, version, options } }) => {
    if (holdsDigest(options)) return secret(`the server ${name}`);
    const parts = [...(type === undefined ? [] : [`TYPE ${quoteLiteral(type).trim()}`]), ...(version === undefined ? [] : [`VERSION ${quoteLiteral(version).trim()}`])];
    return statements([`CREATE SERVER ${name}`, ...parts, `FOREIGN DATA WRAPPER ${wrapper}${foreignOptions(null, options, true)}`].join(" "));
  },
  alter: alterServer,
};

function alterServer({ property, from, to, fact }: Change): Written {
  if (property === "version" && to !== null) return statements(`ALTER SERVER ${fact.name} VERSION ${quoteLiteral(to).trim()}`);
  if (property !== "options") return "remake";
  return holdsDigest(to) ? secret(`the server ${fact.name}`) : statements(`ALTER SERVER ${fact.name}${foreignOptions(from, to)}`);
}

/** Told by the names of its options alone, because their values are credentials. */
export const userMappings: Renderer = {
  phase: phases.foreign + 2,
  reference: (fact) => `USER MAPPING FOR ${mapped(fact)}`,
  create: (fact) => (fact.properties["options"] === undefined ? statements(`CREATE USER MAPPING FOR ${mapped(fact)}`) : secret(`the user mapping ${fact.name}`)),
  drop: (fact) => [{ sql: `DROP USER MAPPING FOR ${mapped(fact)}`, ...(fact.properties["options"] === undefined ? {} : { loses: "the credentials of the mapping" }) }],
  alter: ({ property, from, to, fact }) => {
    if (property !== "options") return cannot(`no statement is known for the ${property} of a user mapping`);
    const [before, after] = [from, to].map((names) => new Set((names ?? "").split(", ").filter((name) => name !== ""))) as [Set<string>, Set<string>];
    if ([...after].some((name) => !before.has(name))) return secret(`the user mapping ${fact.name}`);
    return [{ sql: `ALTER USER MAPPING FOR ${mapped(fact)}${foreignOptions([...before].join(", "), [...after].join(", "))}`, loses: "credentials of the mapping" }];
  },
};

/** From `server for role` to `role SERVER server`. */
function mapped({ name }: Fact): string {
  const [, server = "", user = ""] = /^("(?:[^"]|"")*"|[^ ]+) for (.*)$/su.exec(name) ?? [];
  return `${user === "public" ? "PUBLIC" : user} SERVER ${server}`;
}
