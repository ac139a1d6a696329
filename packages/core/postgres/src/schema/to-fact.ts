import { quoteIdentifier } from "../identifiers.ts";
import { parseAclItem } from "./acl.ts";
import type { Fact, Kind, Unread } from "./model.ts";
import { rolesInText } from "./role-texts.ts";

/** A row of a family's query. */
export type Row = Readonly<Record<string, unknown>> & { readonly name: string };

/** Another name for a role, so that the one who replays stands for the one who migrated. */
export type RoleName = (role: string) => string;

/**
 * Turns a row into a fact. Privileges become one property for each grantee; those of the owner are told apart from its name, because they
 * come with ownership and go with it. What a row has no value for is no property.
 */
export function toFact(kind: Kind, row: Row, roleName: RoleName): Fact {
  const { kind: ownKind, parent, origin } = row;
  return {
    kind: (ownKind as Kind | undefined) ?? kind,
    name: nameOf(kind, row, roleName),
    parent: typeof parent === "string" ? parent : undefined,
    ...(typeof origin === "string" && { origin }),
    properties: Object.assign(plainProperties(row), propertiesOfRoles(row, roleName)),
  };
}

/** Columns that are not properties by themselves. */
const special: ReadonlySet<string> = new Set(["name", "kind", "parent", "origin", "unread", "role", "owner", "creator", "for role", "of role", "to roles", "acl", "of owner"]);

function plainProperties(row: Row): Record<string, string> {
  const told: Record<string, string> = {};
  for (const property in row) if (typeof row[property] === "string" && !special.has(property)) told[property] = row[property];
  return told;
}

/** A role goes by its other name, also where an object is known by the role that it is of. */
function nameOf(kind: Kind, { name, role, creator, "for role": forRole, "of role": ofRole }: Row, roleName: RoleName): string {
  const of = (word: string, role: unknown): string => (typeof role === "string" ? ` ${word} ${bare(roleName(role))}` : "");
  const own = kind === "membership" ? unquoted(name) : role;
  return (typeof own === "string" ? bare(roleName(own)) : name) + (typeof creator === "string" ? ` by ${roleName(creator)}` : "") + of("for", forRole) + of("of", ofRole);
}

function propertiesOfRoles(row: Row, roleName: RoleName): Record<string, string> {
  const { owner, creator, acl, "of owner": tableOwner, "to roles": roles } = row;
  const holder = roleName(String(owner ?? creator ?? tableOwner));
  return {
    ...(typeof owner === "string" && { owner: holder }),
    ...(Array.isArray(roles) && { roles: (roles as string[]).map((role) => (role === "" ? "public" : bare(roleName(role)))).sort().join(", ") }),
    ...rolesInText(row, roleName),
    ...(Array.isArray(acl) && grants(acl as string[], { owner: holder, roleName })),
  };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** A role's name, quoted where it is not plain. */
function bare(role: string): string {
  return /^[a-z_][a-z0-9_$]*$/u.test(role) ? role : quoteIdentifier(role);
}

interface Holder {
  readonly owner: string;
  readonly roleName: RoleName;
}

function grants(acl: readonly string[], { owner, roleName }: Holder): Record<string, string> {
  const held = new Map<string, Set<string>>();
  for (const { grantee, privileges } of acl.map(parseAclItem)) {
    const role = grantee === "" ? "public" : roleName(grantee);
    const property = grantee !== "" && role === owner ? "grants to its owner" : `grants to ${role}`;
    held.set(property, new Set([...(held.get(property) ?? []), ...privileges]));
  }
  return Object.fromEntries([...held].map(([property, privileges]) => [property, [...privileges].sort().join(", ")]));
}

/** The properties that the row names as out of this session's sight. */
export function unreadProperties({ kind, name }: Fact, { unread }: Row): readonly Unread[] {
  if (!Array.isArray(unread)) return [];
  return (unread as string[]).map((property) => ({ kind, object: name, property, reason: "the role has no right to see it" }));
}
