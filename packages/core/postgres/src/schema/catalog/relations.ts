import { comment, described, joinNote, label, sorted, words, type Family } from "./family.ts";

const persistence = words("rel.relpersistence", { p: "permanent", u: "unlogged", t: "temporary" });

export const schemas: Family = {
  kind: "schema",
  sql: `
    SELECT ns.name, pg_get_userbyid(n.nspowner) AS owner, coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl,
      nullif(${comment("pg_namespace", "n.oid")}, 'standard public schema') AS comment, ${label("pg_namespace", "n.oid")}
    FROM ns JOIN pg_namespace n ON n.oid = ns.oid`,
};

export const tables: Family = {
  kind: "table",
  sql: `
    SELECT rel.name, ${words("rel.relkind", { r: "ordinary", p: "partitioned", f: "foreign" })} AS form,
      rel.owner, coalesce(rel.relacl, acldefault('r', rel.relowner)) AS acl,
      ${persistence} AS persistence, ${sorted("rel.reloptions")} AS options, ${sorted("toast.reloptions")} AS "toast options",
      rel.relrowsecurity::text AS "row security", rel.relforcerowsecurity::text AS "row security forced",
      CASE WHEN rel.relkind IN ('r', 'p') THEN ${words("rel.relreplident", { d: "default", n: "nothing", f: "full", i: "index" })} END AS "replica identity",
      am.amname AS "access method", space.spcname AS tablespace, CASE WHEN rel.relkind = 'p' THEN pg_get_partkeydef(rel.oid) END AS "partition key",
      CASE WHEN rel.reloftype <> 0 THEN format_type(rel.reloftype, NULL) END AS "of type",
      (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = rel.oid) AS parents,
      pg_get_expr(rel.relpartbound, rel.oid) AS "partition bound", quote_ident(server.srvname) AS server, ${sorted("ft.ftoptions")} AS "server options",
      note.description AS comment, ${label("pg_class", "rel.oid")}
    FROM rel
    ${joinNote("pg_class", "rel.oid")}
    LEFT JOIN pg_class toast ON toast.oid = rel.reltoastrelid
    LEFT JOIN pg_am am ON am.oid = rel.relam
    LEFT JOIN pg_tablespace space ON space.oid = rel.reltablespace
    LEFT JOIN pg_foreign_table ft ON ft.ftrelid = rel.oid
    LEFT JOIN pg_foreign_server server ON server.oid = ft.ftserver
    WHERE rel.relkind IN ('r', 'p', 'f')`,
};

export const sequences: Family = {
  kind: "sequence",
  sql: `
    SELECT rel.name, owning.attrelid::regclass::text AS parent, rel.owner, coalesce(rel.relacl, acldefault('s', rel.relowner)) AS acl,
      ${persistence} AS persistence, format_type(s.seqtypid, NULL) AS type, s.seqstart::text AS start, s.seqincrement::text AS increment, s.seqmin::text AS minimum,
      s.seqmax::text AS maximum, s.seqcache::text AS cache, s.seqcycle::text AS cycle,
      owning.attrelid::regclass::text || '.' || quote_ident(owning.attname) AS "owned by", ${described("pg_class", "rel.oid")}
    FROM rel JOIN pg_sequence s ON s.seqrelid = rel.oid
    LEFT JOIN pg_depend dep ON dep.classid = 'pg_class'::regclass AND dep.objid = rel.oid AND dep.refclassid = 'pg_class'::regclass
      AND dep.objsubid = 0 AND dep.deptype IN ('a', 'i')
    LEFT JOIN pg_attribute owning ON owning.attrelid = dep.refobjid AND owning.attnum = dep.refobjsubid
    -- The sequence of an identity column is told with its column.
    WHERE dep.deptype IS DISTINCT FROM 'i'`,
};

export const views: Family = {
  kind: "view",
  source: "pg_class WHERE relkind IN ('v', 'm') AND oid >= 16384",
  sql: `
    SELECT CASE rel.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind, rel.name,
      rel.owner, coalesce(rel.relacl, acldefault('r', rel.relowner)) AS acl,
      pg_get_viewdef(rel.oid) AS definition, ${sorted("rel.reloptions")} AS options, am.amname AS "access method",
      CASE WHEN rel.relkind = 'm' THEN rel.relispopulated::text END AS populated, space.spcname AS tablespace, ${described("pg_class", "rel.oid")}
    FROM rel
    LEFT JOIN pg_am am ON am.oid = rel.relam
    LEFT JOIN pg_tablespace space ON space.oid = rel.reltablespace
    WHERE rel.relkind IN ('v', 'm')`,
};

export const rules: Family = {
  kind: "rule",
  source: "pg_rewrite WHERE rulename <> '_RETURN' AND oid >= 16384",
  sql: `
    SELECT rel.name || '.' || quote_ident(r.rulename) AS name, rel.name AS parent, pg_get_ruledef(r.oid) AS definition,
      ${words("r.ev_enabled", { O: "enabled", D: "disabled", R: "replica", A: "always" })} AS state, ${described("pg_rewrite", "r.oid")}
    FROM pg_rewrite r JOIN rel ON rel.oid = r.ev_class
    WHERE r.rulename <> '_RETURN'`,
};
