import type { Fact, Kind } from "@org/postgres/schema";
import { role, splitName } from "./names.ts";
import type { Side } from "./side.ts";
import { statements, type Statement } from "./statement.ts";

const grantsTo = "grants to ";
const ownGrants = "grants to its owner";

export function isGrant(property: string): boolean {
  return property.startsWith(grantsTo);
}

/** What is granted on: the privileges follow its words, as in `GRANT SELECT ON TABLE shop.orders`. */
export type Target = { readonly on: string; readonly owner: string | undefined; readonly column?: string; readonly prefix?: string };

/** The statements that lead from some privileges of one grantee to others; each list is as a fact tells it. */
export function changeGrants(target: Target, property: string, { from, to }: { readonly from: string | null; readonly to: string | null }): readonly Statement[] {
  // What has no owner that is told, such as a parameter, is the superuser's, who needs no privilege.
  if (property === ownGrants && target.owner === undefined) return [];
  const grantee = role(property === ownGrants ? target.owner! : property.slice(grantsTo.length));
  const [before, after] = [parseGrants(from), parseGrants(to)];
  const revoked = [...before.keys()].filter((privilege) => !after.has(privilege));
  const withoutOption = [...before].filter(([privilege, option]) => option && after.get(privilege) === false).map(([privilege]) => privilege);
  const plain = [...after].filter(([privilege, option]) => !option && !before.has(privilege)).map(([privilege]) => privilege);
  const withOption = [...after].filter(([privilege, option]) => option && before.get(privilege) !== true).map(([privilege]) => privilege);
  const write = (privileges: readonly string[], form: (list: string) => string): string[] => (privileges.length === 0 ? [] : [(target.prefix ?? "") + form(list(privileges, target))]);
  return statements(
    ...write(revoked, (privileges) => `REVOKE ${privileges} ON ${target.on} FROM ${grantee}`),
    ...write(withoutOption, (privileges) => `REVOKE GRANT OPTION FOR ${privileges} ON ${target.on} FROM ${grantee}`),
    ...write(plain, (privileges) => `GRANT ${privileges} ON ${target.on} TO ${grantee}`),
    ...write(withOption, (privileges) => `GRANT ${privileges} ON ${target.on} TO ${grantee} WITH GRANT OPTION`),
  );
}

function list(privileges: readonly string[], { column }: Target): string {
  return privileges.map((privilege) => (column === undefined ? privilege : `${privilege} (${column})`)).join(", ");
}

const option = " with grant option";

/** Privileges, each with whether it may be passed on. */
function parseGrants(grants: string | null): ReadonlyMap<string, boolean> {
  const items = (grants ?? "").split(", ").filter((item) => item !== "");
  return new Map(items.map((item) => (item.endsWith(option) ? [item.slice(0, -option.length), true] : [item, false])));
}

interface Initial {
  readonly owner: string;
  readonly public: string | null;
  /** How default privileges call objects of this kind. */
  readonly objects: string;
}

const relations: Initial = { owner: "DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE", public: null, objects: "tables" };
const routines: Initial = { owner: "EXECUTE", public: "EXECUTE", objects: "functions" };
const types: Initial = { owner: "USAGE", public: "USAGE", objects: "types" };

/** The privileges that Postgres gives with a new object. */
export const initialGrants: Partial<Record<Kind, Initial>> = {
  schema: { owner: "CREATE, USAGE", public: null, objects: "schemas" },
  table: relations,
  view: relations,
  "materialized view": relations,
  sequence: { owner: "SELECT, UPDATE, USAGE", public: null, objects: "sequences" },
  function: routines,
  procedure: routines,
  aggregate: routines,
  type: types,
  domain: types,
  language: { owner: "USAGE", public: "USAGE", objects: "" },
  "foreign data wrapper": { owner: "USAGE", public: null, objects: "" },
  "foreign server": { owner: "USAGE", public: null, objects: "" },
};

/** The statements that give a new object its privileges, whatever the default privileges of the one who makes it are. */
export function grantsOfNew(fact: Fact, target: Target, before: Side): readonly Statement[] {
  const initial = initialGrants[fact.kind];
  const given = new Map<string, string | null>(initial === undefined ? [] : [[ownGrants, initial.owner], ["grants to public", initial.public]]);
  const defaults = initial === undefined ? [] : defaultsFor(fact, initial, before);
  for (const [property, privileges] of defaults) given.set(property, privileges);
  const wanted = (property: string): string | null => withoutMaintain(fact.properties[property] ?? null, property);
  const properties = new Set([...given.keys(), ...Object.keys(fact.properties).filter(isGrant)]);
  // Nobody knows whether the one who makes it is the one whom the defaults are for, so what they decide is not taken for given.
  const isUncertain = (property: string): boolean => defaults.some(([other, , isGlobal]) => isGlobal || other === property);
  return [...properties].flatMap((property) => {
    const from = given.get(property) ?? null;
    if (!isUncertain(property)) return changeGrants(target, property, { from, to: wanted(property) });
    return [...changeGrants(target, property, { from, to: null }), ...changeGrants(target, property, { from: null, to: wanted(property) })];
  });
}

/** MAINTAIN comes with ownership where the server knows it, and an older server does not know the word. */
function withoutMaintain(privileges: string | null, property: string): string | null {
  return property === ownGrants && privileges !== null ? privileges.replace("MAINTAIN, ", "") : privileges;
}

/** What default privileges may have given to whom; those that are of no schema stand in the place of what Postgres gives. */
function defaultsFor({ name }: Fact, { objects }: Initial, before: Side): readonly (readonly [property: string, privileges: string, isGlobal: boolean])[] {
  const schema = splitName(name)[0] ?? "";
  return [...before.facts.values()]
    .filter(({ kind, name: of }) => kind === "default privileges" && (of.startsWith(`${objects} by `) || of.startsWith(`${objects} in schema ${schema} by `)))
    .flatMap(({ name: of, properties }) => Object.entries(properties).filter(([property]) => isGrant(property)).map(([property, privileges]) => [property, privileges, of.startsWith(`${objects} by `)] as const));
}
