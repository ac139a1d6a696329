import { quoteIdentifier } from "@org/postgres";
import type { Catalog } from "./catalog.ts";
import type { DesiredRole } from "./desired.ts";
import { objectName, type Target } from "./grants.ts";

/** The statements that an administrator must run before the session may do something; none when it may. */
export type Missing = readonly string[];

const granted: Missing = [];

// Version 16 took from CREATEROLE what concerns roles that others have made: their members are given by who has ADMIN OPTION.
const adminOptionSince = 160_000;

export function toCreateDatabase({ session }: Catalog): Missing {
  return session.superuser || session.createDb ? granted : [`ALTER ROLE ${quoteIdentifier(session.user)} CREATEDB;`];
}

export function toCreateRole({ session }: Catalog, role: DesiredRole, sql: string): Missing {
  const { user, superuser, createRole, bypassRls, version } = session;
  if (superuser) return granted;
  const create = createRole ? granted : [`ALTER ROLE ${quoteIdentifier(user)} CREATEROLE;`];
  if (!role.bypassRls || (bypassRls && version >= adminOptionSince)) return create;
  const admin = version < adminOptionSince ? granted : [`GRANT ${quoteIdentifier(role.name)} TO ${quoteIdentifier(user)} WITH ADMIN OPTION;`];
  return [...create, `${sql};`, ...admin];
}

/** To make somebody a member of the role. */
export function toGrantRole({ session, roles }: Catalog, role: string): Missing {
  const present = roles.get(role);
  const { user, superuser, createRole, version } = session;
  // Who creates a role may also give its membership.
  if (superuser || present === undefined || present.admin) return granted;
  if (version >= adminOptionSince || present.superuser) return [`GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(user)} WITH ADMIN OPTION;`];
  return createRole ? granted : [`ALTER ROLE ${quoteIdentifier(user)} CREATEROLE;`];
}

/** To act with the rights of a role that the session is made a member of. */
export function toInherit({ session }: Catalog): Missing {
  if (session.superuser || session.inherit || session.version >= adminOptionSince) return granted;
  return [`ALTER ROLE ${quoteIdentifier(session.user)} INHERIT;`];
}

export function toCreateSchema({ session, database }: Catalog, name: string): Missing {
  if (session.superuser || database.maySchema) return granted;
  return [`GRANT CREATE ON DATABASE ${quoteIdentifier(name)} TO ${quoteIdentifier(session.user)};`];
}

/** What may be asked for on an object of a kind, all at once, so that one look tells whether it is there. */
const grantable = { database: "CREATE, CONNECT, TEMPORARY", schema: "USAGE, CREATE", table: "SELECT, INSERT" } as const;

/** To give privileges on the database, a schema or a state table. */
export function toGrantOn({ session, database }: Catalog, object: Extract<Target, { readonly name: string }>): Missing {
  if (session.superuser || !database.notGrantable.has(JSON.stringify([object.kind, object.name]))) return granted;
  return [`GRANT ${grantable[object.kind]} ON ${objectName(object)} TO ${quoteIdentifier(session.user)} WITH GRANT OPTION;`];
}

/** To take privileges that somebody else has given, which only an owner can. */
export function toRevokeOn({ session, database }: Catalog, schema: string, sql: string): Missing {
  return session.superuser || !database.notGrantable.has(JSON.stringify(["owner", schema])) ? granted : [`${sql};`];
}

/** To change the settings of a role. */
export function toAlterRole({ session, roles }: Catalog, role: string): Missing {
  const { user, superuser, createRole, version } = session;
  if (superuser) return granted;
  const create = createRole ? granted : [`ALTER ROLE ${quoteIdentifier(user)} CREATEROLE;`];
  const isOurs = version < adminOptionSince || roles.get(role)?.admin !== false;
  return isOurs ? create : [...create, `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(user)} WITH ADMIN OPTION;`];
}

export function toChangeState({ session, database: { stateOwner } }: Catalog): Missing {
  return session.superuser || stateOwner.usable ? granted : [`GRANT ${quoteIdentifier(stateOwner.name)} TO ${quoteIdentifier(session.user)};`];
}
