import { quoteIdentifier } from "@org/postgres";
import type { Catalog, Role } from "./catalog.ts";
import type { Desired, DesiredRole } from "./desired.ts";

/** Something that is there and not as a new one would be made; it is left as it is. */
export interface Difference {
  readonly object: string;
  readonly found: string;
  /** Whether it gives a role more than it needs or keeps it from its work. */
  readonly risky: boolean;
  /** The statement that would end the difference. */
  readonly remedy: string;
}

/** What is there and differs from what is desired. */
export function differences(desired: Desired, catalog: Catalog): readonly Difference[] {
  return [
    ...desired.roles.flatMap((role) => roleDifferences(desired, role, catalog.roles.get(role.name))),
    ...ownerDifferences(desired, catalog),
    ...relationDifferences(desired, catalog),
    ...migratorDifferences(desired, catalog),
  ];
}

function roleDifferences(desired: Desired, wanted: DesiredRole, found: Role | undefined): Difference[] {
  if (found === undefined) return [];
  const name = quoteIdentifier(found.name);
  const attributes: [boolean, boolean, string, string][] = [
    [found.superuser, false, "is a superuser", "NOSUPERUSER"],
    [found.createDb, false, "may create databases", "NOCREATEDB"],
    [found.createRole, false, "may create roles", "NOCREATEROLE"],
    [found.replication, false, "may replicate", "NOREPLICATION"],
    [found.bypassRls, wanted.bypassRls, wanted.bypassRls ? "does not bypass row level security" : "bypasses row level security", wanted.bypassRls ? "BYPASSRLS" : "NOBYPASSRLS"],
    [found.login, wanted.variable !== undefined, found.login ? "can log in" : "cannot log in", found.login ? "NOLOGIN" : "LOGIN"],
  ];
  const object = `role ${name}`;
  const drifted = attributes
    .filter(([is, should]) => is !== should)
    .map(([, , found, keyword]) => ({ object, found, risky: true, remedy: `ALTER ROLE ${name} ${keyword};` }));
  return [...drifted, ...powerfulMemberships(desired, found)];
}

/** Memberships that give a role more than its own rights. */
function powerfulMemberships({ owner, memberships, roles }: Desired, found: Role): Difference[] {
  const harmless = new Set([found.name, ...memberships.filter(({ member }) => member === found.name).map(({ role }) => role)]);
  const ours = new Set(roles.map(({ name }) => name));
  return found.memberOf
    .filter((group) => !harmless.has(group) && (group === owner || !ours.has(group)))
    .map((group) => ({
      object: `role ${quoteIdentifier(found.name)}`,
      found: `is a member of ${quoteIdentifier(group)}`,
      risky: true,
      remedy: `REVOKE ${quoteIdentifier(group)} FROM ${quoteIdentifier(found.name)};`,
    }));
}

function ownerDifferences({ database: name, owner, schemas, stateSchema }: Desired, { database }: Catalog): Difference[] {
  const present = [
    { kind: "database", name, found: database.owner },
    ...[...schemas, stateSchema].map((schema) => ({ kind: "schema", name: schema, found: database.schemas.get(schema) ?? owner })),
  ];
  return present
    .filter(({ found }) => found !== owner && found !== "pg_database_owner")
    .map(({ kind, name, found }) => ({
      object: `${kind} ${quoteIdentifier(name)}`,
      found: `belongs to ${quoteIdentifier(found)}`,
      risky: false,
      remedy: `ALTER ${kind.toUpperCase()} ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(owner)};`,
    }));
}

function relationDifferences({ schemas, readonly }: Desired, { database }: Catalog): Difference[] {
  return schemas.flatMap((schema) => {
    const foreign = database.relations.filter((relation) => relation.schema === schema && !relation.grantable).length;
    if (foreign === 0) return [];
    const found = `holds ${foreign} tables and sequences of roles that this session may not act for; their rights are left to their owners`;
    const object = `schema ${quoteIdentifier(schema)}`;
    return [{ object, found, risky: false, remedy: `GRANT SELECT ON ALL TABLES IN SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(readonly)};` }];
  });
}

function migratorDifferences({ migrator, owner, database: name }: Desired, { database }: Catalog): Difference[] {
  if (database.migratorActsAs === null || database.migratorActsAs === owner) return [];
  const remedy = `ALTER ROLE ${quoteIdentifier(migrator)} IN DATABASE ${quoteIdentifier(name)} SET role TO ${quoteIdentifier(owner)};`;
  return [{ object: `role ${quoteIdentifier(migrator)}`, found: `acts as ${quoteIdentifier(database.migratorActsAs)}`, risky: false, remedy }];
}
