import { sorted, type Family } from "./family.ts";

/** The comment of what all databases share. */
function sharedComment(catalog: string, oid: string): string {
  return `(SELECT description FROM pg_shdescription WHERE classoid = '${catalog}'::regclass AND objoid = ${oid}) AS comment`;
}

/** Its name is no property: a copy under another name is alike. */
export const database: Family = {
  kind: "database",
  sql: `
    SELECT 'properties' AS name, pg_get_userbyid(d.datdba) AS owner, coalesce(d.datacl, acldefault('d', d.datdba)) AS acl,
      pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate AS collate, d.datctype AS ctype,
      coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale, to_jsonb(d) ->> 'daticurules' AS rules,
      d.datconnlimit::text AS "connection limit", d.datallowconn::text AS "allows connections", d.datistemplate::text AS template,
      (SELECT nullif(spcname, 'pg_default') FROM pg_tablespace WHERE oid = d.dattablespace) AS tablespace, ${sharedComment("pg_database", "d.oid")}
    FROM pg_database d WHERE d.datname = current_database()`,
};

export const tablespaces: Family = {
  kind: "tablespace",
  source: "pg_tablespace WHERE oid >= 16384",
  sql: `
    SELECT quote_ident(s.spcname) AS name, pg_get_userbyid(s.spcowner) AS owner, coalesce(s.spcacl, acldefault('t', s.spcowner)) AS acl,
      ${sorted("s.spcoptions")} AS options, ${sharedComment("pg_tablespace", "s.oid")}
    FROM pg_tablespace s WHERE s.spcname NOT LIKE 'pg\\_%'`,
};

// Roles that own or may do something here, what they are members of, and who is a member of them. The server's own roles end the search: half of the roles
// of a server may be members of one of them.
const known = `
  known AS (
    WITH RECURSIVE known AS (
      SELECT r.oid FROM pg_roles r, pg_database d
      WHERE d.datname = current_database() AND (r.oid = d.datdba
        OR r.oid IN (SELECT refobjid FROM pg_shdepend WHERE dbid = d.oid AND refclassid = 'pg_authid'::regclass)
        OR r.oid IN (SELECT setrole FROM pg_db_role_setting WHERE setdatabase = d.oid))
      UNION
      SELECT other.oid FROM known JOIN pg_auth_members m ON known.oid IN (m.member, m.roleid)
      JOIN pg_roles other ON other.oid IN (m.member, m.roleid) AND other.rolname !~ '^pg_'
    )
    SELECT r.* FROM known JOIN pg_roles r USING (oid) WHERE r.rolname !~ '^pg_' AND NOT r.rolname::text = ANY ($3)
  )`;

export const roles: Family = {
  kind: "role",
  sql: `
    WITH ${known}
    SELECT r.rolname AS name, r.rolname AS role, r.rolsuper::text AS superuser, r.rolinherit::text AS inherit, r.rolcreaterole::text AS "create role", r.rolcreatedb::text AS "create database",
      r.rolcanlogin::text AS login, r.rolreplication::text AS replication, r.rolbypassrls::text AS "bypass row security", r.rolconnlimit::text AS "connection limit",
      r.rolvaliduntil::text AS "valid until", ${sharedComment("pg_authid", "r.oid")}
    FROM known r`,
};

/** Before version 16 the member's own attribute says whether it has the rights of the role without SET ROLE. */
export const memberships: Family = {
  kind: "membership",
  sql: ({ version }) => `
    WITH ${known}
    SELECT quote_ident(pg_get_userbyid(m.roleid)) AS name, pg_get_userbyid(m.member) AS "of role", bool_or(m.admin_option)::text AS admin,
      ${version < 160_000 ? "bool_or(r.rolinherit)::text AS inherit, 'true'" : "bool_or(m.inherit_option)::text AS inherit, bool_or(m.set_option)::text"} AS "set role"
    FROM pg_auth_members m JOIN known r ON r.oid = m.member
    GROUP BY m.roleid, m.member`,
};

/** Values of settings whose name sounds like a secret are told as a digest. */
export const settingValue = `CASE WHEN setting ~* '^[^=]*(secret|password|token|key)[^=]*=' THEN 'md5:' || md5(setting) ELSE substr(setting, strpos(setting, '=') + 1) END AS value`;

export const roleSettings: Family = {
  kind: "role setting",
  source: "pg_db_role_setting WHERE setdatabase = 0",
  sql: `
    WITH ${known}
    SELECT split_part(setting, '=', 1) AS name, r.rolname AS "of role", ${settingValue}
    FROM pg_db_role_setting s JOIN known r ON r.oid = s.setrole, unnest(s.setconfig) AS setting WHERE s.setdatabase = 0`,
};

/** Who may set or alter a parameter; version 15 began with it. */
export const parameters: Family = {
  kind: "parameter",
  sql: ({ version }) =>
    version < 150_000
      ? "SELECT ''::text AS name WHERE false"
      : `SELECT p.parname AS name, pg_get_userbyid(10) AS "of owner", p.paracl AS acl FROM pg_parameter_acl p`,
};

/** The connection string without its password; only who may read it knows it. */
export const subscriptions: Family = {
  kind: "subscription",
  source: "pg_subscription",
  sql: ({ version, connectionStrings }) => `
    SELECT quote_ident(s.subname) AS name, pg_get_userbyid(s.subowner) AS owner, s.subenabled::text AS enabled, ${sorted("s.subpublications")} AS publications,
      s.subslotname::text AS slot, s.subsynccommit AS "synchronous commit", s.subbinary::text AS binary, nullif(s.substream::text, 'false') AS streaming,
      ${version < 150_000 ? "NULL" : "nullif(s.subtwophasestate <> 'd', false)::text"} AS "two phase",
      ${version < 150_000 ? "NULL" : "nullif(s.subdisableonerr, false)::text"} AS "disable on error",
      nullif(to_jsonb(s) ->> 'suborigin', 'any') AS origin, nullif(to_jsonb(s) ->> 'subpasswordrequired', 'true') AS "password required",
      nullif(to_jsonb(s) ->> 'subrunasowner', 'false') AS "run as owner", nullif(to_jsonb(s) ->> 'subfailover', 'false') AS failover,
      ${connectionStrings ? `regexp_replace(s.subconninfo, 'password\\s*=\\s*(''([^''\\\\]|\\\\.)*''|\\S+)|(?<=://[^:/@]{0,200}:)[^@]*(?=@)', '***', 'gi')` : "NULL"} AS connection,
      ${connectionStrings ? "NULL::json" : `'["connection"]'::json`} AS unread,
      (SELECT description FROM pg_description WHERE classoid = 'pg_subscription'::regclass AND objoid = s.oid) AS comment
    FROM (SELECT ${columnsInSight(version, connectionStrings)} FROM pg_subscription) AS s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()`,
};

/** A whole row can be asked for only by who may read all of it. */
function columnsInSight(version: number, connectionStrings: boolean): string {
  if (connectionStrings) return "*";
  const common = "oid, subdbid, subname, subowner, subenabled, subbinary, substream, subslotname, subsynccommit, subpublications";
  const since15 = version < 150_000 ? "" : ", subtwophasestate, subdisableonerr";
  const since16 = version < 160_000 ? "" : ", suborigin, subpasswordrequired, subrunasowner";
  return common + since15 + since16 + (version < 170_000 ? "" : ", subfailover");
}
