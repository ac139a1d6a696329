import { ScriptError } from "@org/exit-codes";

/** What the names and roles of a database are to be, before looking at what there is. */
export interface Desired {
  readonly database: string;
  /** Owns the database, its schemas and, through the migrator, its objects. */
  readonly owner: string;
  readonly migrator: string;
  readonly readwrite: string;
  readonly readonly: string;
  readonly roles: readonly DesiredRole[];
  readonly memberships: readonly Membership[];
  /** The application's schemas. */
  readonly schemas: readonly string[];
  readonly stateSchema: string;
  readonly supabase: boolean;
}

export interface DesiredRole {
  readonly name: string;
  readonly inherit: boolean;
  readonly bypassRls: boolean;
  /** The variable that carries the connection URL of a role that logs in; the others cannot log in. */
  readonly variable?: string;
}

interface Membership {
  readonly role: string;
  readonly member: string;
}

export interface DesiredInput {
  readonly database: string;
  readonly owner: string | undefined;
  readonly rolePrefix: string | undefined;
  readonly schemas: readonly string[];
  readonly stateSchema: string;
  readonly supabase: boolean;
}

/** The roles, memberships and schemas that follow from the settings. Throws a ScriptError (configuration) for names that Postgres cannot hold. */
export function desiredState(input: DesiredInput): Desired {
  const prefix = input.rolePrefix ?? input.database;
  const owner = input.owner ?? `${prefix}_owner`;
  const [migrator, readwrite, readonly] = [`${prefix}_migrator`, `${prefix}_readwrite`, `${prefix}_readonly`];
  const desired: Desired = {
    database: input.database,
    owner,
    migrator,
    readwrite,
    readonly,
    roles: [
      { name: owner, inherit: true, bypassRls: false },
      { name: migrator, inherit: true, bypassRls: false, variable: "APP_MIGRATOR_URL" },
      { name: readwrite, inherit: true, bypassRls: false, variable: "APP_READWRITE_URL" },
      { name: readonly, inherit: true, bypassRls: false, variable: "APP_READONLY_URL" },
      ...(input.supabase ? supabaseRoles : []),
    ],
    memberships: [{ role: owner, member: migrator }, ...(input.supabase ? supabaseMemberships : [])],
    schemas: [...new Set(input.schemas)],
    stateSchema: input.stateSchema,
    supabase: input.supabase,
  };
  refuseBadNames(desired);
  return desired;
}

/** The roles that requests to Supabase's API act as. */
export const apiRoles = ["anon", "authenticated", "service_role"] as const;

const supabaseRoles: readonly DesiredRole[] = [
  { name: "anon", inherit: false, bypassRls: false },
  { name: "authenticated", inherit: false, bypassRls: false },
  { name: "service_role", inherit: false, bypassRls: true },
  { name: "authenticator", inherit: false, bypassRls: false, variable: "APP_AUTHENTICATOR_URL" },
];

const supabaseMemberships: readonly Membership[] = apiRoles.map((role) => ({ role, member: "authenticator" }));

function refuseBadNames({ database, roles, schemas, stateSchema }: Desired): void {
  refuseBadName("database", database);
  for (const { name } of roles) {
    refuseBadName("role", name);
    if (name === "public" || name === "none") throw reserved("role", name);
  }
  for (const schema of [...schemas, stateSchema]) {
    refuseBadName("schema", schema);
    if (schema === "information_schema") throw reserved("schema", schema);
  }
  if (!schemas.includes(stateSchema)) return;
  throw new ScriptError("configuration", `the schema ${JSON.stringify(stateSchema)} is to hold the state tables and the application`, {
    hint: "Give the state tables a schema of their own: set database.stateSchema or --state-schema.",
  });
}

// Postgres cuts longer names without an error, and then two of them may be one.
const longestName = 63;

function refuseBadName(kind: string, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > longestName || name.includes("\0")) {
    const reason = bytes > longestName ? `it has ${bytes} bytes, and Postgres allows ${longestName}` : "Postgres allows no empty name and no NUL";
    throw new ScriptError("configuration", `${JSON.stringify(name)} cannot be the name of a ${kind}: ${reason}`, { hint: nameHint });
  }
  if (kind !== "database" && name.startsWith("pg_")) throw reserved(kind, name);
}

const nameHint = "Choose another with database.name, database.rolePrefix or database.schemas in the config, or with the flags of the same names.";

function reserved(kind: string, name: string): ScriptError {
  return new ScriptError("configuration", `${JSON.stringify(name)} cannot be the name of a ${kind}: Postgres keeps it for itself`, { hint: nameHint });
}
