import { parseAclItem } from "./acl.ts";
import type { Fact, Kind } from "./model.ts";

/** A row of a family's query. */
export type Row = Readonly<Record<string, unknown>> & { readonly name: string };

/** Another name for a role, so that the one who replays stands for the one who migrated. */
export type RoleName = (role: string) => string;

/**
 * Turns a row into a fact. Privileges become one property for each grantee; those of the owner are told apart from its name, because they
 * come with ownership and go with it. What a row has no value for is no property.
 */
export function toFact(kind: Kind, row: Row, roleName: RoleName): Fact {
  const { name, kind: ownKind, parent, owner, creator, acl, "of owner": tableOwner, ...rest } = row;
  const properties: Record<string, string> = {};
  for (const [property, value] of Object.entries(rest)) {
    if (value !== null) properties[property] = typeof value === "string" ? value : JSON.stringify(value);
  }
  if (typeof owner === "string") properties["owner"] = roleName(owner);
  const holder = owner ?? creator ?? tableOwner;
  if (Array.isArray(acl)) Object.assign(properties, grants(acl as string[], { owner: roleName(String(holder)), roleName }));
  return {
    kind: (ownKind as Kind | undefined) ?? kind,
    name: typeof creator === "string" ? `${name} by ${roleName(creator)}` : name,
    parent: typeof parent === "string" ? parent : undefined,
    properties,
  };
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
