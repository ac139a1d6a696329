import { quoteIdentifier, type PostgresClient } from "@org/postgres";
import { parseAclItem } from "@org/postgres/schema";
import type { DatabaseLocale } from "./scratch-database.ts";

/** What init-database prepares before the first migration runs, as it is in the live database. */
export interface Baseline {
  readonly database: string;
  readonly locale: DatabaseLocale;
  /** Who owns most of the objects, so most likely who migrated; null in an empty database. */
  readonly mainOwner: string | null;
  readonly schemas: readonly BaselineSchema[];
  readonly defaults: readonly DefaultPrivilege[];
}

interface BaselineSchema {
  readonly name: string;
  readonly owner: string;
  readonly acl: readonly string[];
}

interface DefaultPrivilege {
  readonly creator: string;
  readonly schema: string;
  readonly objects: string;
  readonly acl: readonly string[];
}

export interface BaselineScope {
  /** The schemas that init-database makes. */
  readonly schemas: readonly string[];
  /** The roles that it gives privileges to. */
  readonly grantees: readonly string[];
}

/** Reads the part of the live database that init-database, and no migration, is responsible for. */
export async function readBaseline(client: PostgresClient, { schemas }: BaselineScope): Promise<Baseline> {
  const { rows: databases } = await client.query<DatabaseLocale & { database: string; mainOwner: string | null }>(databaseQuery);
  const { rows: present } = await client.query<BaselineSchema>(schemasQuery, [schemas]);
  const { rows: defaults } = await client.query<DefaultPrivilege>(defaultsQuery, [schemas]);
  const { database, mainOwner, ...locale } = databases[0]!;
  return { database, mainOwner, locale, schemas: present, defaults };
}

const databaseQuery = `
  SELECT d.datname AS database, pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate AS collate, d.datctype AS ctype,
    coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS "icuLocale",
    (SELECT pg_get_userbyid(c.relowner)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_'
        AND NOT EXISTS (SELECT FROM pg_depend dep WHERE dep.classid = 'pg_class'::regclass AND dep.objid = c.oid AND dep.deptype = 'e')
      GROUP BY c.relowner ORDER BY count(*) DESC, c.relowner LIMIT 1) AS "mainOwner"
  FROM pg_database d WHERE d.datname = current_database()`;

const schemasQuery = `
  SELECT nspname AS name, pg_get_userbyid(nspowner)::text AS owner, coalesce(nspacl, acldefault('n', nspowner))::text[] AS acl
  FROM pg_namespace WHERE nspname = ANY ($1)`;

const defaultsQuery = `
  SELECT pg_get_userbyid(d.defaclrole)::text AS creator, n.nspname AS schema, d.defaclacl::text[] AS acl,
    CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' END AS objects
  FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace
  WHERE n.nspname = ANY ($1) AND d.defaclobjtype IN ('r', 'S', 'f', 'T')`;

export interface Session {
  readonly user: string;
  /** The roles that it may act for. */
  readonly roles: ReadonlySet<string>;
}

/** Who replays, and for whom it may act. */
export async function readSession(client: PostgresClient): Promise<Session> {
  const { rows } = await client.query<{ user: string; roles: string[] }>(
    `SELECT current_user::text AS "user", array(SELECT rolname::text FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')) AS roles`,
  );
  return { user: rows[0]!.user, roles: new Set(rows[0]!.roles) };
}

/** The statements that prepare an empty database like the live one was before its first migration. */
export function baselineStatements(baseline: Baseline, { grantees }: BaselineScope, session: Session): readonly string[] {
  const known = new Set(grantees);
  return [
    ...baseline.schemas.flatMap((schema) => schemaStatements(schema, known, session)),
    ...baseline.defaults.flatMap((privilege) => defaultStatements(privilege, { baseline, known, session })),
  ];
}

function schemaStatements({ name, owner, acl }: BaselineSchema, known: ReadonlySet<string>, session: Session): string[] {
  const schema = quoteIdentifier(name);
  const create = session.roles.has(owner) ? `CREATE SCHEMA ${schema} AUTHORIZATION ${quoteIdentifier(owner)}` : `CREATE SCHEMA ${schema}`;
  const grants = grantsTo(acl, known).map(({ rights, grantee }) => `GRANT ${rights} ON SCHEMA ${schema} TO ${grantee}`);
  return name === "public" ? grants : [create, ...grants];
}

interface DefaultsContext {
  readonly baseline: Baseline;
  readonly known: ReadonlySet<string>;
  readonly session: Session;
}

/** Whoever replays stands for the main owner, so it also creates with that role's default privileges. */
function defaultStatements({ creator, schema, objects, acl }: DefaultPrivilege, { baseline, known, session }: DefaultsContext): string[] {
  const standIn = creator === baseline.mainOwner && creator !== session.user ? [session.user] : [];
  const creators = [...(session.roles.has(creator) ? [creator] : []), ...standIn];
  return creators.flatMap((role) =>
    grantsTo(acl, known).map(
      ({ rights, grantee }) =>
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(role)} IN SCHEMA ${quoteIdentifier(schema)} GRANT ${rights} ON ${objects} TO ${grantee}`,
    ),
  );
}

function grantsTo(acl: readonly string[], known: ReadonlySet<string>): { readonly rights: string; readonly grantee: string }[] {
  return acl
    .map(parseAclItem)
    .filter(({ grantee, privileges }) => known.has(grantee) && privileges.length > 0)
    .map(({ grantee, privileges }) => ({ rights: privileges.map((right) => right.replace(" with grant option", "")).join(", "), grantee: quoteIdentifier(grantee) }));
}
