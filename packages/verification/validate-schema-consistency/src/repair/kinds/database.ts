import { quoteLiteral } from "@org/postgres";
import type { Fact } from "@org/postgres/schema";
import { changeGrants, initialGrants, isGrant } from "../grants.ts";
import { role } from "../names.ts";
import { phases, type Change, type Renderer, type Situation } from "../renderer.ts";
import { cannot, statements, type Statement, type Written } from "../statement.ts";
import { dollarQuote } from "../dollar-quote.ts";
import { settingValue } from "./routines.ts";

export const schemas: Renderer = {
  phase: phases.schema,
  reference: ({ name }) => `SCHEMA ${name}`,
  create: ({ name }) => statements(`CREATE SCHEMA ${name}`),
};

export const languages: Renderer = {
  phase: phases.language,
  reference: ({ name }) => `LANGUAGE ${name}`,
  create: ({ name, properties: { trusted, handler, inline, validator } }) => {
    const functions = [...(handler === undefined ? [] : [`HANDLER ${handler}`]), ...(inline === undefined ? [] : [`INLINE ${inline}`]), ...(validator === undefined ? [] : [`VALIDATOR ${validator}`])];
    return statements([`CREATE ${trusted === "true" ? "TRUSTED " : ""}LANGUAGE ${name}`, ...functions].join(" "));
  },
};

export const transforms: Renderer = {
  phase: phases.cast,
  reference: ({ name }) => `TRANSFORM FOR ${typeAndLanguage(name).join(" LANGUAGE ")}`,
  create: ({ name, properties: { "from sql": fromSql, "to sql": toSql } }) => {
    const functions = [...(fromSql === undefined ? [] : [`FROM SQL WITH FUNCTION ${fromSql}`]), ...(toSql === undefined ? [] : [`TO SQL WITH FUNCTION ${toSql}`])];
    return statements(`CREATE TRANSFORM FOR ${typeAndLanguage(name).join(" LANGUAGE ")} (${functions.join(", ")})`);
  },
};

function typeAndLanguage(name: string): readonly [string, string] {
  const at = name.lastIndexOf(" for ");
  return [name.slice(0, at), name.slice(at + " for ".length)];
}

export const accessMethods: Renderer = {
  phase: phases.language,
  reference: ({ name }) => `ACCESS METHOD ${name}`,
  create: ({ name, properties: { handler, type } }) => statements(`CREATE ACCESS METHOD ${name} TYPE ${type?.toUpperCase()} HANDLER ${handler}`),
};

export const extensions: Renderer = {
  phase: phases.extension,
  reference: ({ name }) => `EXTENSION ${name}`,
  create: ({ name, properties: { schema, version } }) =>
    statements(`CREATE EXTENSION ${name}${schema === undefined ? "" : ` SCHEMA ${schema}`}${version === undefined ? "" : ` VERSION ${quoteLiteral(version).trim()}`}`),
  drop: ({ name }) => [{ sql: `DROP EXTENSION ${name}`, loses: `what tables of its own ${name} may have` }],
  alter: ({ property, from, to, fact: { name } }) => {
    if (property === "schema") return statements(`ALTER EXTENSION ${name} SET SCHEMA ${to}`);
    if (property === "grants on its members") return changeMemberGrants(from, to);
    if (property !== "version" || to === null) return cannot(`no statement is known for the ${property} of an extension`);
    const isOlder = to.localeCompare(from ?? "", "en", { numeric: true }) < 0;
    return isOlder ? cannot(`extensions are updated forwards: to have version ${to} again, ${name} would have to be dropped with all that uses it`) : statements(`ALTER EXTENSION ${name} UPDATE TO ${quoteLiteral(to).trim()}`);
  },
};

/** Each grant that the list tells of is made, each revoke too; of those that only the other list tells of the opposite is. */
function changeMemberGrants(from: string | null, to: string | null): readonly Statement[] {
  const [before, after] = [from, to].map(memberGrants) as [ReadonlyMap<string, MemberGrant>, ReadonlyMap<string, MemberGrant>];
  const undone = [...before].filter(([key]) => !after.has(key)).map(([, grant]) => memberStatement(grant, !grant.isGranted));
  const done = [...after].filter(([key]) => !before.has(key)).map(([, grant]) => memberStatement(grant, grant.isGranted));
  return statements(...undone, ...done);
}

interface MemberGrant {
  readonly on: string;
  readonly isGranted: boolean;
  readonly privilege: string;
  readonly grantee: string;
}

/** `function f(text): -EXECUTE of public, +EXECUTE of reader; type t: ...`, by the text of each. */
function memberGrants(list: string | null): ReadonlyMap<string, MemberGrant> {
  const members = (list ?? "").split("; ").filter((member) => member !== "");
  return new Map(
    members.flatMap((member) => {
      const [, kind = "", identity = "", changes = ""] = /^((?:foreign |materialized )?[a-z]+) (.*?): ([+-].*)$/su.exec(member) ?? [];
      return changes.split(/, (?=[+-][A-Z]+ of )/u).map((change): [string, MemberGrant] => {
        const [, sign, privilege = "", grantee = ""] = /^([+-])([A-Z]+) of (.*)$/su.exec(change) ?? [];
        return [`${kind} ${identity} ${change}`, { on: `${grantWords[kind] ?? kind.toUpperCase()} ${identity}`, isGranted: sign === "+", privilege, grantee }];
      });
    }),
  );
}

/** How GRANT calls kinds of objects that it calls otherwise than the catalogs. */
const grantWords: Readonly<Record<string, string>> = { function: "ROUTINE", procedure: "ROUTINE", aggregate: "ROUTINE", view: "TABLE", "materialized view": "TABLE", "foreign table": "TABLE" };

function memberStatement({ on, privilege, grantee }: MemberGrant, grants: boolean): string {
  return grants ? `GRANT ${privilege} ON ${on} TO ${role(grantee)}` : `REVOKE ${privilege} ON ${on} FROM ${role(grantee)}`;
}

export const collations: Renderer = {
  phase: phases.collation,
  reference: ({ name }) => `COLLATION ${name}`,
  create: ({ name, properties }) => {
    const { provider = "", deterministic, collate, ctype, locale, rules } = properties;
    const parts = {
      PROVIDER: providers[provider] ?? provider,
      LOCALE: text(locale),
      LC_COLLATE: text(collate),
      LC_CTYPE: text(ctype),
      DETERMINISTIC: deterministic === "false" ? "false" : undefined,
      RULES: text(rules),
    };
    const clauses = Object.entries(parts).flatMap(([word, value]) => (value === undefined ? [] : [`${word} = ${value}`]));
    return statements(`CREATE COLLATION ${name} (${clauses.join(", ")})`);
  },
};

const providers: Readonly<Record<string, string>> = { i: "icu", c: "libc", b: "builtin" };

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : quoteLiteral(value).trim();
}

export const statistics: Renderer = {
  phase: phases.statistics,
  reference: ({ name }) => `STATISTICS ${name}`,
  create: ({ name, properties: { definition = "", target } }) => statements(definition, ...(target === undefined ? [] : [`ALTER STATISTICS ${name} SET STATISTICS ${target}`])),
  alter: ({ property, to, fact: { name } }) => (property === "target" ? statements(`ALTER STATISTICS ${name} SET STATISTICS ${to ?? "-1"}`) : "remake"),
};

export const settings: Renderer = {
  bare: true,
  phase: phases.setting,
  reference: ({ name }) => `SETTING ${name}`,
  create: setSetting,
  drop: ({ name }) => statements(onDatabase(name, (setting) => `RESET ${setting}`)),
  alter: ({ fact }) => setSetting(fact),
};

function setSetting({ name, properties: { value = "" } }: Fact): Written {
  if (/^md5:[0-9a-f]{32}$/u.test(value)) return cannot(`the setting ${name} is a secret, which no snapshot keeps`);
  return statements(onDatabase(name, (setting) => `SET ${setting} TO ${settingValue(setting, value)}`));
}

/** The database goes by the name that it has where the statement runs. */
function onDatabase(name: string, clause: (setting: string) => string): string {
  const [, setting = name, user] = /^(\S+) of (.*)$/su.exec(name) ?? [];
  const of = user === undefined ? "ALTER DATABASE %I" : `ALTER ROLE ${user.replaceAll("%", "%%")} IN DATABASE %I`;
  const format = `${of} ${clause(setting).replaceAll("%", "%%")}`;
  return `DO ${dollarQuote(` BEGIN EXECUTE pg_catalog.format(${quoteLiteral(format).trim()}, pg_catalog.current_database()); END `)}`;
}

/** They have no existence of their own: what differs from what Postgres gives by itself is granted or revoked. */
export const defaultPrivileges: Renderer = {
  bare: true,
  phase: phases.defaultPrivileges,
  reference: ({ name }) => name,
  create: (fact) => movePrivileges(fact, initialOf(fact), fact.properties),
  drop: dropDefaults,
  alter: ({ property, from, to, fact }: Change) => changeGrants(targetOf(fact), property, { from, to }),
};

const scope = /^(\w+)(?: in schema ("(?:[^"]|"")*"|[^ ]+))? by (.*)$/su;

function targetOf({ name }: Fact): { readonly on: string; readonly owner: string; readonly prefix: string } {
  const [, objects = "", schema, creator = ""] = scope.exec(name) ?? [];
  return { on: objects.toUpperCase(), owner: creator, prefix: `ALTER DEFAULT PRIVILEGES FOR ROLE ${role(creator)}${schema === undefined ? "" : ` IN SCHEMA ${schema}`} ` };
}

/** Those of a schema come on top of what Postgres gives, the others in its place. */
function initialOf({ name }: Fact): Readonly<Record<string, string>> {
  const [, objects, schema] = scope.exec(name) ?? [];
  const initial = Object.values(initialGrants).find((entry) => entry.objects === objects);
  if (initial === undefined || schema !== undefined) return {};
  return { "grants to its owner": initial.owner, ...(initial.public === null ? {} : { "grants to public": initial.public }) };
}

/** Those of a schema go with it. */
function dropDefaults(fact: Fact, { before, after }: Situation): readonly Statement[] {
  const schema = `schema ${scope.exec(fact.name)?.[2]}`;
  if (before.facts.has(schema) && !after.facts.has(schema)) return [];
  return movePrivileges(fact, fact.properties, initialOf(fact)).map((statement) => ({ ...statement, phase: phases.defaultPrivileges }));
}

function movePrivileges(fact: Fact, from: Readonly<Record<string, string>>, to: Readonly<Record<string, string>>): readonly Statement[] {
  const properties = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(isGrant);
  return properties.flatMap((property) => changeGrants(targetOf(fact), property, { from: from[property] ?? null, to: to[property] ?? null }));
}
