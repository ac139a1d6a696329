import { settingValue } from "./cluster.ts";
import { described, listItem, notOfExtension, sorted, type Family } from "./family.ts";

export const defaultPrivileges: Family = {
  kind: "default privileges",
  source: "pg_default_acl",
  sql: `
    SELECT concat_ws(' ', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
        WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' ELSE d.defaclobjtype::text END, 'in schema ' || ns.name) AS name,
      pg_get_userbyid(d.defaclrole) AS creator, d.defaclacl AS acl
    FROM pg_default_acl d LEFT JOIN ns ON ns.oid = d.defaclnamespace
    WHERE (d.defaclnamespace = 0 OR ns.oid IS NOT NULL) AND NOT pg_get_userbyid(d.defaclrole)::text = ANY ($3)`,
};

/** What ALTER DATABASE and ALTER ROLE IN DATABASE set. `role` is how init-database lets the migrator act as the owner. */
export const settings: Family = {
  kind: "setting",
  source: "pg_db_role_setting WHERE setdatabase <> 0",
  sql: `
    SELECT split_part(setting, '=', 1) AS name, r.rolname AS "of role", ${settingValue}
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS setting
    WHERE d.datname = current_database() AND setting NOT LIKE 'role=%' AND setting NOT LIKE 'app.settings.%'
      AND NOT coalesce(r.rolname::text = ANY ($3), false)`,
};

const operations = `concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
  CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END)`;

export const publications: Family = {
  kind: "publication",
  source: "pg_publication",
  sql: ({ version }) => `
    SELECT quote_ident(p.pubname) AS name, pg_get_userbyid(p.pubowner) AS owner, p.puballtables::text AS "all tables", p.pubviaroot::text AS "via root",
      ${version < 180_000 ? "NULL::text" : "nullif(p.pubgencols::text, 'n')"} AS "generated columns",
      ${operations} AS operations,
      (SELECT string_agg(pr.prrelid::regclass::text${version < 150_000 ? "" : partsOfTable}, ', ' ORDER BY pr.prrelid::regclass::text)
        FROM pg_publication_rel pr WHERE pr.prpubid = p.oid) AS tables,
      ${version < 150_000 ? "NULL" : schemasOfPublication} AS schemas, ${described("pg_publication", "p.oid")}
    FROM pg_publication p WHERE ${notOfExtension("pg_publication", "p.oid")} AND NOT pg_get_userbyid(p.pubowner)::text = ANY ($3)`,
};

const partsOfTable = `
  || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a
    WHERE a.attrelid = pr.prrelid AND a.attnum = ANY (pr.prattrs)) || ')', '')
  || coalesce(' WHERE (' || pg_get_expr(pr.prqual, pr.prrelid) || ')', '')`;

const schemasOfPublication = `
  (SELECT string_agg(pn.pnnspid::regnamespace::text, ', ' ORDER BY pn.pnnspid::regnamespace::text) FROM pg_publication_namespace pn WHERE pn.pnpubid = p.oid)`;

export const foreignDataWrappers: Family = {
  kind: "foreign data wrapper",
  source: "pg_foreign_data_wrapper",
  sql: `
    SELECT quote_ident(w.fdwname) AS name, pg_get_userbyid(w.fdwowner) AS owner, coalesce(w.fdwacl, acldefault('F', w.fdwowner)) AS acl,
      nullif(w.fdwhandler, 0)::regproc::text AS handler, nullif(w.fdwvalidator, 0)::regproc::text AS validator, ${sorted("w.fdwoptions")} AS options,
      ${described("pg_foreign_data_wrapper", "w.oid")}
    FROM pg_foreign_data_wrapper w WHERE ${notOfExtension("pg_foreign_data_wrapper", "w.oid")}`,
};

export const foreignServers: Family = {
  kind: "foreign server",
  source: "pg_foreign_server",
  sql: `
    SELECT quote_ident(s.srvname) AS name, pg_get_userbyid(s.srvowner) AS owner, coalesce(s.srvacl, acldefault('S', s.srvowner)) AS acl,
      quote_ident(w.fdwname) AS wrapper, s.srvtype AS type, s.srvversion AS version,
      (SELECT string_agg(CASE WHEN item ~* '^[^=]*(secret|password|token|key)[^=]*=' THEN split_part(item, '=', 1) || '=md5:' || md5(item) ELSE ${listItem("item")} END,
        ', ' ORDER BY item) FROM unnest(s.srvoptions) AS item) AS options,
      ${described("pg_foreign_server", "s.oid")}
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE ${notOfExtension("pg_foreign_server", "s.oid")}`,
};

/** Options only by name: their values are credentials. */
export const userMappings: Family = {
  kind: "user mapping",
  source: "pg_foreign_server",
  sql: ({ userMappings }) => `
    SELECT quote_ident(m.srvname) || CASE m.umuser WHEN 0 THEN ' for public' ELSE '' END AS name, CASE WHEN m.umuser <> 0 THEN m.usename END AS "for role",
      (SELECT string_agg(split_part(item, '=', 1), ', ' ORDER BY item) FROM unnest(m.umoptions) AS item) AS options,
      ${userMappings ? "NULL::json" : hiddenOptions} AS unread
    FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid`,
};

/** Options are shown to the owner of the server for everyone, and to the user whom they are of. */
const hiddenOptions = `CASE WHEN m.umoptions IS NULL
        AND NOT (m.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE') OR m.usename = current_user AND has_server_privilege(m.srvid, 'USAGE')) THEN '["options"]'::json END`;

/** Jobs of pg_cron for this database. A command that seems to carry a secret is told as a digest. */
export const cronJobs: Family = {
  kind: "cron job",
  source: "pg_namespace WHERE nspname = 'cron'",
  sql: ({ cronJobs }) =>
    cronJobs === null || cronJobs === "none"
      ? "SELECT ''::text AS name WHERE false"
      : `SELECT coalesce(quote_ident(to_jsonb(j) ->> 'jobname'), ${cronCommand}) AS name, j.username AS "of role", j.schedule, ${cronCommand} AS command, j.active::text
    FROM cron.job j WHERE j.database = current_database()`,
};

const cronCommand = "CASE WHEN j.command ~* 'eyJ[a-z0-9_-]{8,}\\.|bearer|apikey|secret|password|token' THEN 'md5:' || md5(j.command) ELSE j.command END";
