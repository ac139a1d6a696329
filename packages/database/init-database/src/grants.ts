import { qualifiedName, quoteIdentifier } from "@org/postgres";
import { apiRoles, type Desired } from "./desired.ts";

/** What a privilege is held on; `default` stands for what its creator will make in the schema. */
export type Target =
  | { readonly kind: "database"; readonly name: string }
  | { readonly kind: "schema"; readonly name: string }
  | { readonly kind: "table"; readonly schema: string; readonly name: string }
  | { readonly kind: "default"; readonly creator: string; readonly schema: string; readonly objects: ObjectKind };

type ObjectKind = "tables" | "sequences" | "functions";

export interface Grant {
  readonly on: Target;
  readonly to: string;
  readonly privileges: readonly string[];
}

/** Every privilege that the roles are to hold, on what exists by then and on what the creators make later. */
export function desiredGrants(desired: Desired, creators: readonly string[]): readonly Grant[] {
  return [...databaseGrants(desired), ...schemaGrants(desired), ...stateGrants(desired), ...defaultGrants(desired, creators)];
}

/** One privilege of one role, as a key of a set; `to` is null for PUBLIC. */
export function heldKey(on: Target, to: string | null, privilege: string): string {
  return JSON.stringify([on.kind, "creator" in on ? on.creator : null, "schema" in on ? on.schema : null, "objects" in on ? on.objects : on.name, to, privilege]);
}

/** Grants that one statement can give. */
export interface GrantGroup {
  readonly on: Target;
  /** For default privileges: all whose objects are meant. */
  readonly creators: readonly string[];
  readonly to: readonly string[];
  readonly privileges: readonly string[];
}

/** The fewest groups that give the same: roles with the same rights on the same object, and then creators with the same roles. */
export function groupGrants(grants: readonly Grant[]): readonly GrantGroup[] {
  const single = grants.map(({ on, to, privileges }): GrantGroup => ({ on, creators: "creator" in on ? [on.creator] : [], to: [to], privileges }));
  const byObject = merge(single, ({ on, privileges }) => heldKey(on, null, privileges.join()));
  return merge(byObject, ({ on, to, privileges }) => heldKey("creator" in on ? { ...on, creator: "" } : on, JSON.stringify(to), privileges.join()));
}

function merge(groups: readonly GrantGroup[], keyOf: (group: GrantGroup) => string): GrantGroup[] {
  const merged = new Map<string, GrantGroup>();
  for (const group of groups) {
    const { creators, to } = merged.get(keyOf(group)) ?? { creators: [], to: [] };
    merged.set(keyOf(group), { ...group, creators: union(creators, group.creators), to: union(to, group.to) });
  }
  return [...merged.values()];
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])];
}

/** The statement for a group. */
export function grantSql({ on, creators, to, privileges }: GrantGroup): string {
  const rights = privileges.join(", ");
  const grantees = to.map(quoteIdentifier).join(", ");
  if (on.kind === "default") {
    const place = `FOR ROLE ${creators.map(quoteIdentifier).join(", ")} IN SCHEMA ${quoteIdentifier(on.schema)}`;
    return `ALTER DEFAULT PRIVILEGES ${place} GRANT ${rights} ON ${on.objects.toUpperCase()} TO ${grantees}`;
  }
  return `GRANT ${rights} ON ${objectName(on)} TO ${grantees}`;
}

/** The object as GRANT names it. */
export function objectName(on: Extract<Target, { readonly name: string }>): string {
  const name = on.kind === "table" ? qualifiedName(on.schema, on.name) : quoteIdentifier(on.name);
  return `${on.kind.toUpperCase()} ${name}`;
}

/** What the two application roles may do with objects of a kind. */
export function applicationRights({ readwrite, readonly }: Desired): readonly { to: string; objects: "tables" | "sequences"; privileges: readonly string[] }[] {
  return [
    { to: readwrite, objects: "tables", privileges: ["SELECT", "INSERT", "UPDATE", "DELETE"] },
    { to: readwrite, objects: "sequences", privileges: ["USAGE", "SELECT"] },
    { to: readonly, objects: "tables", privileges: ["SELECT"] },
    { to: readonly, objects: "sequences", privileges: ["SELECT"] },
  ];
}

function databaseGrants({ database, owner, roles }: Desired): Grant[] {
  const on: Target = { kind: "database", name: database };
  const logins = roles.filter(({ variable }) => variable !== undefined);
  return [{ on, to: owner, privileges: ["CREATE", "CONNECT", "TEMPORARY"] }, ...logins.map(({ name }) => ({ on, to: name, privileges: ["CONNECT"] }))];
}

function schemaGrants(desired: Desired): Grant[] {
  const users = [desired.readwrite, desired.readonly];
  const application = desired.schemas.flatMap((name) =>
    schemaRights({ kind: "schema", name }, desired.owner, [...users, ...(isExposed(desired, name) ? apiRoles : [])]),
  );
  // The API roles stay out of the state schema: what it tells is not for the users of an application.
  return [...application, ...schemaRights({ kind: "schema", name: desired.stateSchema }, desired.owner, users)];
}

function schemaRights(on: Target, owner: string, users: readonly string[]): Grant[] {
  return [{ on, to: owner, privileges: ["USAGE", "CREATE"] }, ...users.map((to) => ({ on, to, privileges: ["USAGE"] }))];
}

// Also a read-only role records its runs; it can add rows and change none.
function stateGrants({ stateSchema: schema, readwrite, readonly }: Desired): Grant[] {
  const on = (name: string): Target => ({ kind: "table", schema, name });
  return [readwrite, readonly].flatMap((to) => [
    { on: on("script_execution_log"), to, privileges: ["SELECT", "INSERT"] },
    { on: on("health_check_results"), to, privileges: ["SELECT", "INSERT"] },
    { on: on("migration_history"), to, privileges: ["SELECT"] },
    { on: on("schema_snapshots"), to, privileges: ["SELECT"] },
    { on: on("state_version"), to, privileges: ["SELECT"] },
  ]);
}

function defaultGrants(desired: Desired, creators: readonly string[]): Grant[] {
  return desired.schemas.flatMap((schema) => {
    const rights = [...applicationRights(desired), ...(isExposed(desired, schema) ? supabaseRights : [])];
    return creators.flatMap((creator) =>
      rights.map(({ to, objects, privileges }) => ({ on: { kind: "default", creator, schema, objects } as const, to, privileges })),
    );
  });
}

/** Supabase's API serves the schema public; what an application keeps elsewhere stays out of its reach. */
function isExposed({ supabase }: Desired, schema: string): boolean {
  return supabase && schema === "public";
}

// As Supabase has them: the API roles may do everything that row level security lets through.
const supabaseRights: readonly { to: string; objects: ObjectKind; privileges: readonly string[] }[] = apiRoles.flatMap((to) => [
  { to, objects: "tables" as const, privileges: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"] },
  { to, objects: "sequences" as const, privileges: ["USAGE", "SELECT", "UPDATE"] },
  { to, objects: "functions" as const, privileges: ["EXECUTE"] },
]);
