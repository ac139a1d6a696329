import { comment, listItem, notOfExtension, sorted, type Family } from "./family.ts";

export const extensions: Family = {
  kind: "extension",
  sql: `
    SELECT quote_ident(e.extname) AS name, quote_ident(n.nspname) AS schema, e.extversion AS version,
      available.default_version AS "server's version"
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    LEFT JOIN pg_available_extensions available ON available.name = e.extname
    WHERE e.extname <> 'plpgsql' AND NOT n.nspname = ANY ($4)`,
};

export const defaultPrivileges: Family = {
  kind: "default privileges",
  sql: `
    SELECT concat_ws(' ', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
        WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text END, 'in schema ' || ns.name) AS name,
      pg_get_userbyid(d.defaclrole) AS creator, d.defaclacl::text[] AS acl
    FROM pg_default_acl d LEFT JOIN ns ON ns.oid = d.defaclnamespace
    WHERE (d.defaclnamespace = 0 OR ns.oid IS NOT NULL) AND NOT pg_get_userbyid(d.defaclrole)::text = ANY ($3)`,
};

/** Values of settings whose name sounds like a secret are told as a digest. `role` is how init-database lets the migrator act as the owner. */
export const settings: Family = {
  kind: "setting",
  sql: `
    SELECT concat_ws(' ', split_part(setting, '=', 1), 'of ' || quote_ident(r.rolname)) AS name,
      CASE WHEN setting ~* '^[^=]*(secret|password|token|key)[^=]*=' THEN 'md5:' || md5(setting)
        ELSE substr(setting, strpos(setting, '=') + 1) END AS value
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS setting
    WHERE d.datname = current_database() AND setting NOT LIKE 'role=%' AND setting NOT LIKE 'app.settings.%'`,
};

const operations = `concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
  CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END)`;

export const publications: Family = {
  kind: "publication",
  sql: ({ version }) => `
    SELECT quote_ident(p.pubname) AS name, pg_get_userbyid(p.pubowner) AS owner, p.puballtables AS "all tables", p.pubviaroot AS "via root",
      ${operations} AS operations,
      (SELECT string_agg(pr.prrelid::regclass::text${version < 150_000 ? "" : partsOfTable}, ', ' ORDER BY pr.prrelid::regclass::text)
        FROM pg_publication_rel pr WHERE pr.prpubid = p.oid) AS tables,
      ${version < 150_000 ? "NULL" : schemasOfPublication} AS schemas, ${comment("pg_publication", "p.oid")} AS comment
    FROM pg_publication p WHERE ${notOfExtension("pg_publication", "p.oid")} AND NOT pg_get_userbyid(p.pubowner)::text = ANY ($3)`,
};

const partsOfTable = `
  || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a
    WHERE a.attrelid = pr.prrelid AND a.attnum = ANY (pr.prattrs)) || ')', '')
  || coalesce(' WHERE (' || pg_get_expr(pr.prqual, pr.prrelid) || ')', '')`;

const schemasOfPublication = `
  (SELECT string_agg(pn.pnnspid::regnamespace::text, ', ' ORDER BY pn.pnnspid::regnamespace::text) FROM pg_publication_namespace pn WHERE pn.pnpubid = p.oid)`;

/** Without the connection string, which holds a password and is for superusers only. */
export const subscriptions: Family = {
  kind: "subscription",
  sql: `
    SELECT quote_ident(s.subname) AS name, pg_get_userbyid(s.subowner) AS owner, s.subenabled AS enabled, ${sorted("s.subpublications")} AS publications
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()`,
};

export const foreignDataWrappers: Family = {
  kind: "foreign data wrapper",
  sql: `
    SELECT quote_ident(w.fdwname) AS name, pg_get_userbyid(w.fdwowner) AS owner, coalesce(w.fdwacl, acldefault('F', w.fdwowner))::text[] AS acl,
      nullif(w.fdwhandler, 0)::regproc::text AS handler, nullif(w.fdwvalidator, 0)::regproc::text AS validator, ${sorted("w.fdwoptions")} AS options
    FROM pg_foreign_data_wrapper w WHERE ${notOfExtension("pg_foreign_data_wrapper", "w.oid")}`,
};

export const foreignServers: Family = {
  kind: "foreign server",
  sql: `
    SELECT quote_ident(s.srvname) AS name, pg_get_userbyid(s.srvowner) AS owner, coalesce(s.srvacl, acldefault('S', s.srvowner))::text[] AS acl,
      quote_ident(w.fdwname) AS wrapper, s.srvtype AS type, s.srvversion AS version,
      (SELECT string_agg(CASE WHEN item ~* '^[^=]*(secret|password|token|key)[^=]*=' THEN split_part(item, '=', 1) || '=md5:' || md5(item) ELSE ${listItem("item")} END,
        ', ' ORDER BY item) FROM unnest(s.srvoptions) AS item) AS options
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE ${notOfExtension("pg_foreign_server", "s.oid")}`,
};

/** Options only by name: their values are credentials. */
export const userMappings: Family = {
  kind: "user mapping",
  sql: `
    SELECT quote_ident(m.srvname) || ' for ' || CASE m.umuser WHEN 0 THEN 'public' ELSE quote_ident(m.usename) END AS name,
      (SELECT string_agg(split_part(item, '=', 1), ', ' ORDER BY item) FROM unnest(m.umoptions) AS item) AS options
    FROM pg_user_mappings m`,
};
