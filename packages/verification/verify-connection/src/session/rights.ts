import { quoteIdentifier } from "@org/postgres";
import { fail, pass, skipped, warn, type Check, type Finding } from "@org/script";
import { row, type SessionContext } from "./session-context.ts";

export const rightsChecks: readonly Check<SessionContext>[] = [
  { id: "postgres.role", title: "The role has no more power than it needs", run: powers },
  { id: "postgres.schemas", title: "The schemas of the config can be used", run: schemasUsable },
  { id: "postgres.state", title: "The state schema is there for the history", run: stateUsable },
];

interface Role {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypass: boolean;
}

async function powers(context: SessionContext): Promise<Finding> {
  const role = await row<Role>(context, "SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS bypass FROM pg_roles WHERE rolname = current_user");
  context.facts.role = role.name;
  context.facts.superuser = role.superuser;
  const remedy = "Let the application log in with a role of its own: npx @org/init-database makes one for each need.";
  if (role.superuser) return warn(`${role.name} is a superuser: no right and no row-level policy holds it`, remedy);
  if (role.bypass) return warn(`${role.name} has BYPASSRLS: no row-level policy holds it`, remedy);
  return pass(`${role.name} is no superuser, and row-level policies hold it`);
}

interface SchemaRights {
  readonly name: string;
  readonly present: boolean;
  readonly usable: boolean | null;
  readonly role: string;
}

async function schemasUsable(context: SessionContext): Promise<Finding> {
  const wanted = context.config.database?.schemas ?? [];
  if (wanted.length === 0) return skipped("the config names no schemas (database.schemas)");
  const schemas = await rightsOn(context, wanted);
  const missing = schemas.filter(({ present }) => !present);
  if (missing.length > 0) return fail(`missing: ${missing.map(({ name }) => name).join(", ")}`, "Create them: npx @org/init-database.", { code: "dependency" });
  const closed = schemas.filter(({ usable }) => usable !== true);
  if (closed.length > 0) {
    return fail(
      `${closed[0]!.role} may not use ${closed.map(({ name }) => name).join(", ")}`,
      closed.map(grant).join(" "),
      { code: "permission" },
    );
  }
  return pass(wanted.join(", "));
}

async function stateUsable(context: SessionContext): Promise<Finding> {
  const [state] = await rightsOn(context, [context.stateSchema]);
  const where = `schema ${context.stateSchema}`;
  if (state?.present !== true) return warn(`${where} does not exist; runs wait in the local journal`, "Create it: npx @org/init-database.");
  if (state.usable !== true) return warn(`${state.role} may not use ${where}; runs wait in the local journal`, grant(state));
  return pass(`${where} is there`);
}

async function rightsOn({ client }: SessionContext, names: readonly string[]): Promise<SchemaRights[]> {
  const { rows } = await client.query<SchemaRights>(
    `SELECT wanted.name, n.oid IS NOT NULL AS present, has_schema_privilege(n.oid, 'USAGE') AS usable, current_user AS role
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted(name, place) LEFT JOIN pg_namespace n ON n.nspname = wanted.name ORDER BY place`,
    [names],
  );
  return rows;
}

function grant({ name, role }: SchemaRights): string {
  return `GRANT USAGE ON SCHEMA ${quoteIdentifier(name)} TO ${quoteIdentifier(role)};`;
}
