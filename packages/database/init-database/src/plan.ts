import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import type { Catalog } from "./catalog.ts";
import type { Desired, DesiredRole } from "./desired.ts";
import { applicationRights, desiredGrants, grantSql, groupGrants, heldKey, type Grant, type GrantGroup } from "./grants.ts";
import * as right from "./rights.ts";

/** One statement that makes something that is missing. */
export interface Step {
  /** `roles` run first, then `database` on its own, then `objects` inside the database, `state` and `stateGrants`. */
  readonly phase: "roles" | "database" | "objects" | "state" | "stateGrants";
  /** What it makes, for the log: an imperative without a full stop. */
  readonly title: string;
  /** With a placeholder where a password belongs. */
  readonly sql: string;
  /** The statement with the SCRAM verifier of the role's password, for a role that logs in. */
  readonly login?: { readonly role: string; readonly variable: string; readonly sql: (verifier: string) => string };
  /** What an administrator must run before, because the session lacks the right. */
  readonly missing: right.Missing;
}

/** The steps from what there is to what is desired; none when nothing is missing. */
export function plan(desired: Desired, catalog: Catalog): readonly Step[] {
  const roles = [...roleSteps(desired, catalog), ...membershipSteps(desired, catalog)];
  const database = catalog.database.exists ? [] : [databaseStep(desired, catalog)];
  const state = [...stateSteps(desired, catalog), ...grantSteps(catalog, stateTableGrants(desired), "stateGrants")];
  const makers = makersOf(desired, catalog);
  const missing = [...roles, ...database, ...objectSteps(desired, catalog, makers), ...state].length > 0;
  const memberships = missing ? ownMembershipSteps(makers, catalog) : [];
  const creators = missing || catalog.roles.get(desired.owner)?.usable === true ? [...makers, ...sessionAsCreator(desired, catalog)] : makers;
  return [...roles, ...memberships, ...database, ...objectSteps(desired, catalog, creators), ...state];
}

/** The statements that an administrator must run before the steps can, each once. */
export function missingRights(steps: readonly Step[]): readonly string[] {
  return [...new Set(steps.flatMap(({ missing }) => missing))];
}

/** Whose objects the application's roles are to reach. The owner cannot be made a member of its own member. */
function makersOf({ owner, migrator }: Desired, { session }: Catalog): readonly string[] {
  return session.user === owner ? [owner] : [owner, migrator];
}

/** A connecting role that acts for the owner makes objects too, with run-migrations. */
function sessionAsCreator(desired: Desired, { session }: Catalog): readonly string[] {
  return desired.roles.some(({ name }) => name === session.user) ? [] : [session.user];
}

function roleSteps({ roles }: Desired, catalog: Catalog): Step[] {
  return roles
    .filter(({ name }) => !catalog.roles.has(name))
    .map((role) => {
      const sql = (password: string): string => `CREATE ROLE ${quoteIdentifier(role.name)} ${attributes(role)}${password}`;
      const shown = sql(role.variable === undefined ? "" : " PASSWORD '<generated>'");
      const step: Step = { phase: "roles", title: `create the role ${quoteIdentifier(role.name)}`, sql: shown, missing: right.toCreateRole(catalog, role, sql("")) };
      if (role.variable === undefined) return step;
      return { ...step, login: { role: role.name, variable: role.variable, sql: (verifier) => sql(` PASSWORD ${quoteLiteral(verifier)}`) } };
    });
}

function attributes({ variable, inherit, bypassRls }: DesiredRole): string {
  return [variable === undefined ? "NOLOGIN" : "LOGIN", inherit ? "INHERIT" : "NOINHERIT", ...(bypassRls ? ["BYPASSRLS"] : [])].join(" ");
}

function membershipSteps({ memberships }: Desired, catalog: Catalog): Step[] {
  return memberships
    .filter(({ role, member }) => catalog.roles.get(member)?.memberOf.includes(role) !== true)
    .map(({ role, member }) => ({
      phase: "roles",
      title: `make ${quoteIdentifier(member)} a member of ${quoteIdentifier(role)}`,
      sql: `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}`,
      missing: right.toGrantRole(catalog, role),
    }));
}

/** The session acts for the makers in what follows, and may use what they own afterwards. */
function ownMembershipSteps(makers: readonly string[], catalog: Catalog): Step[] {
  const { user, superuser, version } = catalog.session;
  if (superuser) return [];
  const how = version < 160_000 ? "" : " WITH INHERIT TRUE, SET TRUE";
  return makers
    .filter((role) => role !== user && catalog.roles.get(role)?.usable !== true)
    .map((role) => ({
      phase: "roles",
      title: `make ${quoteIdentifier(user)} a member of ${quoteIdentifier(role)}`,
      sql: `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(user)}${how}`,
      missing: [...right.toGrantRole(catalog, role), ...right.toInherit(catalog)],
    }));
}

function databaseStep({ database, owner }: Desired, catalog: Catalog): Step {
  return {
    phase: "database",
    title: `create the database ${quoteIdentifier(database)}`,
    sql: `CREATE DATABASE ${quoteIdentifier(database)} OWNER ${quoteIdentifier(owner)}`,
    missing: right.toCreateDatabase(catalog),
  };
}

function objectSteps(desired: Desired, catalog: Catalog, creators: readonly string[]): Step[] {
  // A new schema belongs to the owner and needs no grant to it.
  const isNew = ({ on, to }: Grant): boolean => on.kind === "schema" && to === desired.owner && !catalog.database.schemas.has(on.name);
  const grants = desiredGrants(desired, creators).filter((grant) => grant.on.kind !== "table" && !isNew(grant));
  return [
    ...schemaSteps(desired, catalog),
    ...revokeSteps(desired, catalog),
    // Before the default privileges: that they are missing tells which schemas are new to a role.
    ...presentObjectSteps(desired, catalog),
    ...grantSteps(catalog, grants, "objects"),
    ...migratorSteps(desired, catalog),
  ];
}

function schemaSteps({ schemas, stateSchema, owner, database: name }: Desired, catalog: Catalog): Step[] {
  return [...schemas, stateSchema]
    .filter((schema) => !catalog.database.schemas.has(schema))
    .map((schema) => ({
      phase: "objects",
      title: `create the schema ${quoteIdentifier(schema)}`,
      sql: `CREATE SCHEMA ${quoteIdentifier(schema)} AUTHORIZATION ${quoteIdentifier(owner)}`,
      missing: right.toCreateSchema(catalog, name),
    }));
}

/** Until version 15 everybody could create in the schema public of a new database. */
function revokeSteps({ schemas }: Desired, catalog: Catalog): Step[] {
  const on = { kind: "schema", name: "public" } as const;
  if (!schemas.includes("public") || !catalog.database.held.has(heldKey(on, null, "CREATE"))) return [];
  const sql = 'REVOKE CREATE ON SCHEMA "public" FROM PUBLIC';
  return [{ phase: "objects", title: "take the right to create in the schema public from everybody", sql, missing: right.toRevokeOn(catalog, on.name, sql) }];
}

/** Rights on the objects that were there before a schema was given to a role; those that are made later follow the default privileges. */
function presentObjectSteps(desired: Desired, catalog: Catalog): Step[] {
  const { held, relations } = catalog.database;
  return applicationRights(desired).flatMap(({ to, objects, privileges }) =>
    desired.schemas.flatMap((schema) => {
      const on = { kind: "default", creator: desired.owner, schema, objects } as const;
      if (privileges.every((privilege) => held.has(heldKey(on, to, privilege)))) return [];
      const names = relations.filter((relation) => relation.grantable && relation.schema === schema && relation.objects === objects).map(({ name }) => name);
      if (names.length === 0) return [];
      const list = names.map((name) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`).join(", ");
      return [
        {
          phase: "objects" as const,
          title: `give ${quoteIdentifier(to)} its rights on the present ${objects} of the schema ${quoteIdentifier(schema)}`,
          sql: `GRANT ${privileges.join(", ")} ON ${objects === "tables" ? "TABLE" : "SEQUENCE"} ${list} TO ${quoteIdentifier(to)}`,
          missing: [],
        },
      ];
    }),
  );
}

/** What the migrator makes belongs to the owner, whoever migrates. */
function migratorSteps({ migrator, owner, database: name }: Desired, catalog: Catalog): Step[] {
  if (catalog.database.migratorActsAs !== null) return [];
  return [
    {
      phase: "objects",
      title: `let ${quoteIdentifier(migrator)} act as ${quoteIdentifier(owner)}`,
      sql: `ALTER ROLE ${quoteIdentifier(migrator)} IN DATABASE ${quoteIdentifier(name)} SET role TO ${quoteLiteral(owner)}`,
      missing: right.toAlterRole(catalog, migrator),
    },
  ];
}

function stateSteps({ owner }: Desired, catalog: Catalog): Step[] {
  const { statePending, stateOwner } = catalog.database;
  const missing = stateOwner.name === owner ? [] : right.toChangeState(catalog);
  return statePending.map(({ version, name, sql }) => ({ phase: "state", title: `bring the state tables to version ${version} (${name})`, sql: sql.trim(), missing }));
}

function stateTableGrants(desired: Desired): readonly Grant[] {
  return desiredGrants(desired, []).filter(({ on }) => on.kind === "table");
}

function grantSteps(catalog: Catalog, grants: readonly Grant[], phase: Step["phase"]): Step[] {
  const { held } = catalog.database;
  const lacking = grants
    .map(({ on, to, privileges }) => ({ on, to, privileges: privileges.filter((privilege) => !held.has(heldKey(on, to, privilege))) }))
    .filter(({ privileges }) => privileges.length > 0);
  return groupGrants(lacking).map((group) => {
    const sql = grantSql(group);
    const missing = "name" in group.on ? right.toGrantOn(catalog, group.on) : [];
    return { phase, title: grantTitle(group), sql, missing };
  });
}

function grantTitle({ on, creators, to, privileges }: GrantGroup): string {
  const rights = `give ${names(to)} ${privileges.join(", ")}`;
  if (on.kind !== "default") return `${rights} on the ${on.kind} ${quoteIdentifier(on.name)}`;
  return `${rights} on the ${on.objects} that ${names(creators)} will make in the schema ${quoteIdentifier(on.schema)}`;
}

function names(roles: readonly string[]): string {
  return roles.map(quoteIdentifier).join(", ");
}
