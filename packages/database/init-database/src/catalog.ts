import { planStateMigrations, readStateVersion, stateMigrations } from "@org/script/history";
import type { PostgresClient } from "@org/postgres";
import type { Desired } from "./desired.ts";
import { heldKey, type Target } from "./grants.ts";

/** What there is, as the plan compares it with what is desired. */
export interface Catalog {
  readonly session: Session;
  /** The present ones of the desired roles. */
  readonly roles: ReadonlyMap<string, Role>;
  readonly database: Database;
}

/** Who is connected and what that role may do in the cluster. */
interface Session {
  readonly user: string;
  readonly superuser: boolean;
  readonly createDb: boolean;
  readonly createRole: boolean;
  readonly bypassRls: boolean;
  readonly inherit: boolean;
  /** The server's version as a number: 150018 is 15.18. */
  readonly version: number;
  readonly standby: boolean;
}

export interface Role {
  readonly name: string;
  readonly login: boolean;
  readonly superuser: boolean;
  readonly createDb: boolean;
  readonly createRole: boolean;
  readonly replication: boolean;
  readonly bypassRls: boolean;
  /** Whether the session acts with its rights and may become it. */
  readonly usable: boolean;
  /** Whether the session may make others its members. */
  readonly admin: boolean;
  /** The desired and the powerful roles whose member it is, directly or not. */
  readonly memberOf: readonly string[];
}

interface Database {
  readonly exists: boolean;
  readonly owner: string;
  readonly encoding: string;
  readonly maySchema: boolean;
  readonly schemas: ReadonlyMap<string, string>;
  /** The privileges that are held, by `heldKey`. */
  readonly held: ReadonlySet<string>;
  /** What `set_config` of the migrator's sessions makes them act as. */
  readonly migratorActsAs: string | null;
  readonly relations: readonly Relation[];
  readonly stateOwner: StateOwner;
  readonly stateVersion: number | null;
  readonly statePending: readonly { readonly version: number; readonly name: string; readonly sql: string }[];
  /** The database, schemas and state tables whose privileges the session may not give, by kind and name; `owner` for schemas that it does not own. */
  readonly notGrantable: ReadonlySet<string>;
}

/** A table, view or sequence of the application that is no part of an extension. */
interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly objects: "tables" | "sequences";
  readonly grantable: boolean;
}

/** Who makes and changes the state tables: the present owner, else the desired one. */
interface StateOwner {
  readonly name: string;
  readonly usable: boolean;
  readonly superuser: boolean;
}

/** Reads what there is in the database that the client is connected to. */
export async function readCatalog(client: PostgresClient, desired: Desired): Promise<Catalog> {
  return { ...(await readCluster(client, desired)), database: await readDatabase(client, desired) };
}

/** Reads what there is beside the desired database, which is missing, and tells what a new one comes with. */
export async function readCatalogWithoutDatabase(client: PostgresClient, desired: Desired): Promise<Catalog> {
  const cluster = await readCluster(client, desired);
  return { ...cluster, database: newDatabase(desired, cluster.session) };
}

async function readCluster(client: PostgresClient, desired: Desired): Promise<Omit<Catalog, "database">> {
  const { rows: sessions } = await client.query<Session>(sessionQuery);
  const names = desired.roles.map(({ name }) => name);
  const { rows: roles } = await client.query<Role>(rolesQuery, [names]);
  return { session: sessions[0] as Session, roles: new Map(roles.map((role) => [role.name, role])) };
}

const sessionQuery = `
select r.rolname as user, r.rolsuper as superuser, r.rolcreatedb as "createDb", r.rolcreaterole as "createRole",
  r.rolbypassrls as "bypassRls", r.rolinherit as inherit, current_setting('server_version_num')::int as version,
  pg_is_in_recovery() as standby
from pg_roles r where r.rolname = current_user`;

// Before version 16 a member may always become the role; since then that is a right of its own, which 'SET' asks for.
const usable = (role: string): string => `
  (pg_has_role(${role}, 'USAGE') and (current_setting('server_version_num')::int < 160000
    or pg_has_role(${role}, case when current_setting('server_version_num')::int < 160000 then 'USAGE' else 'SET' end)))`;

const rolesQuery = `
select r.rolname as name, r.rolcanlogin as login, r.rolsuper as superuser, r.rolcreatedb as "createDb", r.rolcreaterole as "createRole",
  r.rolreplication as replication, r.rolbypassrls as "bypassRls", ${usable("r.oid")} as usable,
  pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION') as admin,
  array(
    with recursive above as (
      select m.roleid from pg_auth_members m where m.member = r.oid
      union
      select m.roleid from pg_auth_members m join above on m.member = above.roleid
    )
    select g.rolname::text from pg_roles g join above on above.roleid = g.oid
    where g.rolname = any($1) or g.rolsuper or g.rolcreaterole or g.rolname like 'pg\\_%'
    order by 1
  ) as "memberOf"
from pg_roles r where r.rolname = any($1)`;

async function readDatabase(client: PostgresClient, desired: Desired): Promise<Database> {
  const schemas = [...desired.schemas, desired.stateSchema];
  const { rows: databases } = await client.query<{ owner: string; encoding: string; maySchema: boolean }>(databaseQuery);
  const { rows: present } = await client.query<{ name: string; owner: string }>(schemasQuery, [[...schemas, "public"]]);
  const { rows: held } = await client.query<HeldRow>(heldQuery, [[...schemas, "public"], desired.stateSchema]);
  const { rows: denied } = await client.query<{ kind: string; name: string }>(notGrantableQuery, [schemas, desired.stateSchema]);
  const { rows: relations } = await client.query<Relation>(relationsQuery, [desired.schemas]);
  const { rows: settings } = await client.query<{ role: string }>(migratorSettingQuery, [desired.migrator]);
  const { rows: stateOwners } = await client.query<StateOwner>(stateOwnerQuery, [desired.stateSchema, desired.owner]);
  return {
    ...(databases[0] as { owner: string; encoding: string; maySchema: boolean }),
    exists: true,
    schemas: new Map(present.map(({ name, owner }) => [name, owner])),
    held: new Set(held.map(({ grantee, privilege, ...on }) => heldKey(targetOf(on), grantee, privilege))),
    notGrantable: new Set(denied.map(({ kind, name }) => JSON.stringify([kind, name]))),
    migratorActsAs: settings[0]?.role ?? null,
    relations,
    stateOwner: stateOwners[0] ?? { name: desired.owner, usable: true, superuser: false },
    stateVersion: await readStateVersion(client, desired.stateSchema),
    statePending: await planStateMigrations(client, desired.stateSchema),
  };
}

const databaseQuery = `
select pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding,
  has_database_privilege(d.oid, 'CREATE') as "maySchema"
from pg_database d where d.datname = current_database()`;

const schemasQuery = "select nspname as name, pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = any($1)";

interface HeldRow {
  readonly kind: Target["kind"];
  readonly creator: string | null;
  readonly schema: string | null;
  readonly name: string;
  readonly grantee: string | null;
  readonly privilege: string;
}

function targetOf({ kind, creator, schema, name }: Omit<HeldRow, "grantee" | "privilege">): Target {
  if (kind === "default") return { kind, creator: creator ?? "", schema: schema ?? "", objects: name as "tables" };
  return kind === "table" ? { kind, schema: schema ?? "", name } : { kind, name };
}

const heldQuery = `
with lists as (
  select 'database' as kind, null::name as creator, null::name as schema, datname as name,
    coalesce(datacl, acldefault('d', datdba)) as acl
  from pg_database where datname = current_database()
  union all
  select 'schema', null, null, nspname, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace where nspname = any($1)
  union all
  select 'table', null, n.nspname, c.relname, coalesce(c.relacl, acldefault('r', c.relowner))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $2 and c.relkind in ('r', 'p')
  union all
  select 'default', pg_get_userbyid(d.defaclrole), n.nspname,
    case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' else 'others' end, d.defaclacl
  from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace where n.nspname = any($1)
)
select kind, creator, schema, name, case when a.grantee = 0 then null else pg_get_userbyid(a.grantee) end as grantee,
  a.privilege_type as privilege
from lists, aclexplode(acl) a`;

const notGrantableQuery = `
select 'database' as kind, datname as name from pg_database
where datname = current_database() and not (
  has_database_privilege(oid, 'CREATE WITH GRANT OPTION') and has_database_privilege(oid, 'CONNECT WITH GRANT OPTION')
  and has_database_privilege(oid, 'TEMPORARY WITH GRANT OPTION'))
union all
select 'schema', nspname from pg_namespace
where nspname = any($1) and not (has_schema_privilege(oid, 'CREATE WITH GRANT OPTION') and has_schema_privilege(oid, 'USAGE WITH GRANT OPTION'))
union all
select 'owner', nspname from pg_namespace where nspname = any($1) and not pg_has_role(nspowner, 'USAGE')
union all
select 'table', c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $2 and c.relkind in ('r', 'p')
  and not (has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION') and has_table_privilege(c.oid, 'INSERT WITH GRANT OPTION'))`;

const relationsQuery = `
select n.nspname as schema, c.relname as name, case c.relkind when 'S' then 'sequences' else 'tables' end as objects,
  pg_has_role(c.relowner, 'USAGE') as grantable
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1, 2`;

const migratorSettingQuery = `
select substr(setting, 6) as role
from pg_db_role_setting s join pg_roles r on r.oid = s.setrole join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) as setting
where r.rolname = $1 and d.datname = current_database() and setting like 'role=%'`;

const stateOwnerQuery = `
select r.rolname as name, r.rolsuper as superuser, ${usable("r.oid")} as usable
from pg_roles r where r.rolname = coalesce(
  (select pg_get_userbyid(c.relowner) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = 'state_version'),
  (select pg_get_userbyid(nspowner) from pg_namespace where nspname = $1),
  $2)`;

function newDatabase(desired: Desired, session: Session): Database {
  const own = ["CREATE", "CONNECT", "TEMPORARY"].map((privilege) => heldKey({ kind: "database", name: desired.database }, desired.owner, privilege));
  const open = session.version < 150_000 ? [heldKey({ kind: "schema", name: "public" }, null, "CREATE")] : [];
  return {
    exists: false,
    owner: desired.owner,
    encoding: "",
    maySchema: true,
    schemas: new Map([["public", "pg_database_owner"]]),
    held: new Set([...own, ...open]),
    notGrantable: new Set(),
    migratorActsAs: null,
    relations: [],
    stateOwner: { name: desired.owner, usable: true, superuser: false },
    stateVersion: null,
    statePending: stateMigrations(desired.stateSchema),
  };
}
