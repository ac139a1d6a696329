import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import type { Fact } from "@org/postgres/schema";
import { dollarQuote } from "../dollar-quote.ts";
import { changeGrants } from "../grants.ts";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { cannot, statements, type Written } from "../statement.ts";
import { settingValue } from "./routines.ts";

const attributes: Readonly<Record<string, string>> = {
  superuser: "SUPERUSER",
  inherit: "INHERIT",
  "create role": "CREATEROLE",
  "create database": "CREATEDB",
  login: "LOGIN",
  replication: "REPLICATION",
  "bypass row security": "BYPASSRLS",
};

/** Who may log in comes without a password, which no snapshot keeps. */
export const roles: Renderer = {
  phase: phases.beforeAll,
  reference: ({ name }) => `ROLE ${name}`,
  create: ({ name, properties }) => statements(`CREATE ROLE ${name}${Object.entries(properties).flatMap(([property, value]) => attribute(property, value) ?? []).map((clause) => ` ${clause}`).join("")}`),
  alter: ({ property, to, fact: { name } }) => {
    if (property === "valid until" && to === null) return cannot(`a role that had an end keeps one: ALTER ROLE ${name} VALID UNTIL 'infinity' is the nearest`);
    const clause = attribute(property, to);
    return clause === undefined ? cannot(`no statement is known for the ${property} of a role`) : statements(`ALTER ROLE ${name} ${clause}`);
  },
};

function attribute(property: string, value: string | null): string | undefined {
  if (property === "connection limit") return `CONNECTION LIMIT ${value ?? "-1"}`;
  if (property === "valid until") return `VALID UNTIL ${quoteLiteral(value ?? "").trim()}`;
  const word = attributes[property];
  return word === undefined ? undefined : `${value === "true" ? "" : "NO"}${word}`;
}

/** Named as `role of member`. */
export const memberships: Renderer = {
  bare: true,
  phase: phases.beforeAll + 1,
  reference: ({ name }) => name,
  create: (fact, { after }) => statements(grantRole(fact, after.serverVersion)),
  drop: (fact) => statements(`REVOKE ${named(fact).first} FROM ${named(fact).of}`),
  alter: ({ property, to, fact }, { after }) => {
    if (property !== "admin" && after.serverVersion < perMembership) return cannot(`before version 16 the ${property} option of a membership is an attribute of the member`);
    return to === "true" || after.serverVersion >= perMembership ? statements(grantRole(fact, after.serverVersion)) : statements(`REVOKE ADMIN OPTION FOR ${named(fact).first} FROM ${named(fact).of}`);
  },
};

const perMembership = 160_000;

function grantRole(fact: Fact, version: number): string {
  const { admin, inherit, "set role": set } = fact.properties;
  const { first, of } = named(fact);
  if (version < perMembership) return `GRANT ${first} TO ${of}${admin === "true" ? " WITH ADMIN OPTION" : ""}`;
  return `GRANT ${first} TO ${of} WITH ADMIN ${admin === "true"}, INHERIT ${inherit === "true"}, SET ${set === "true"}`;
}

/** Parts a name such as `reader of "Other"`. */
function named({ name }: Fact): { readonly first: string; readonly of: string } {
  const [, first = "", of = ""] = /^("(?:[^"]|"")*"|\S+) of (.*)$/su.exec(name) ?? [];
  return { first, of };
}

export const roleSettings: Renderer = {
  bare: true,
  phase: phases.setting,
  reference: ({ name }) => name,
  create: setForRole,
  drop: (fact) => statements(`ALTER ROLE ${named(fact).of} RESET ${named(fact).first}`),
  alter: ({ fact }) => setForRole(fact),
};

function setForRole(fact: Fact): Written {
  const value = fact.properties["value"] ?? "";
  if (/^md5:[0-9a-f]{32}$/u.test(value)) return cannot(`the setting ${fact.name} is a secret, which no snapshot keeps`);
  return statements(`ALTER ROLE ${named(fact).of} SET ${named(fact).first} TO ${settingValue(named(fact).first, value)}`);
}

/** A parameter is told where somebody was granted something on it. */
export const parameters: Renderer = {
  phase: phases.setting,
  reference: ({ name }) => `PARAMETER ${name}`,
  create: () => [],
  drop: ({ name, properties }) =>
    statements(...Object.keys(properties).filter((property) => property.startsWith("grants to ") && property !== "grants to its owner").map((property) => revokeAll(name, property.slice("grants to ".length)))),
};

function revokeAll(parameter: string, grantee: string): string {
  return `REVOKE ALL ON PARAMETER ${parameter} FROM ${grantee === "public" ? "PUBLIC" : quoteIdentifier(grantee)}`;
}

/** The server's own settings are a matter of its configuration. */
export const server: Renderer = {
  bare: true,
  phase: phases.setting,
  reference: ({ name }) => name,
  create: () => cannot("the settings of a server are no part of a database"),
  alter: ({ property }) => cannot(`${property} is a setting of the server: ALTER SYSTEM or its configuration file change it`),
};

export const tablespaces: Renderer = {
  phase: phases.beforeAll,
  reference: ({ name }) => `TABLESPACE ${name}`,
  create: ({ name }) => cannot(`where the files of the tablespace ${name} are is known to the server alone`),
  alter: ({ property }) => cannot(`no statement is known for the ${property} of a tablespace`),
};

/** It goes by the name that it has where the statement runs. */
export const database: Renderer = {
  bare: true,
  phase: phases.setting,
  reference: ({ name }) => name,
  create: () => cannot("a database is made by init-database"),
  alter: alterDatabase,
};

function alterDatabase({ property, from, to, fact }: Change): Written {
  const here = (statement: string): Written => statements(`DO ${dollarQuote(` BEGIN EXECUTE pg_catalog.format(${quoteLiteral(statement).trim()}, pg_catalog.current_database()); END `)}`);
  const escaped = (text: string): string => text.replaceAll("%", "%%");
  if (property === "connection limit") return here(`ALTER DATABASE %I CONNECTION LIMIT ${to}`);
  if (property === "owner" && to !== null) return here(`ALTER DATABASE %I OWNER TO ${escaped(quoteIdentifier(to))}`);
  if (property === "comment") return here(`COMMENT ON DATABASE %I IS ${to === null ? "NULL" : escaped(quoteLiteral(to).trim())}`);
  if (property === "template") return here(`ALTER DATABASE %I IS_TEMPLATE ${to}`);
  if (!property.startsWith("grants to ")) return cannot(`the ${property} of a database is chosen when it is made`);
  return changeGrants({ on: "DATABASE %I", owner: fact.properties["owner"] }, property, { from, to }).flatMap(({ sql }) => here(sql) as readonly { readonly sql: string }[]);
}
