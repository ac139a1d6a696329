import { listItem, sorted, words, type Family } from "./family.ts";

const storage = { p: "plain", e: "external", x: "extended", m: "main" };

// Joined as a whole: looked up for each column, every lookup would read all sequences.
const identitySequences = `SELECT dep.refobjid, dep.refobjsubid, c.relacl, c.relowner, q.*
  FROM pg_depend dep JOIN pg_class c ON c.oid = dep.objid AND c.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = c.oid
  WHERE dep.classid = 'pg_class'::regclass AND dep.refclassid = 'pg_class'::regclass AND dep.deptype = 'i'`;

// A default names no column, so it is told without its table, which the server would have to open.
/** Tables have all of their columns told, other relations what was added to one of theirs: their definition tells the rest. */
export const columns: Family = {
  kind: "column",
  sql: ({ version }) => `
    SELECT rel.name || '.' || quote_ident(a.attname) AS name, rel.name AS parent, CASE WHEN a.attacl IS NOT NULL THEN rel.owner END AS "of owner", a.attacl AS acl,
      CASE WHEN a.attinhcount > 0 THEN (SELECT i.inhparent::regclass::text || '.' || quote_ident(a.attname) FROM pg_inherits i
        JOIN pg_attribute source ON source.attrelid = i.inhparent AND source.attname = a.attname WHERE i.inhrelid = a.attrelid ORDER BY i.inhseqno LIMIT 1) END AS origin,
      CASE WHEN rel.relkind IN ('r', 'p', 'f') THEN a.attnum::text END AS position, CASE WHEN NOT a.attislocal THEN 'true' END AS inherited,
      CASE WHEN rel.relkind IN ('r', 'p', 'f') THEN format_type(a.atttypid, a.atttypmod) END AS type, CASE WHEN rel.relkind IN ('r', 'p', 'f') THEN a.attnotnull::text END AS "not null",
      CASE WHEN rel.relkind IN ('r', 'p', 'f') AND a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
      CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, 0) END AS "default",
      CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS "generated as",
      CASE WHEN a.attgenerated = 'v' THEN 'virtual' END AS "generated",
      CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
      CASE WHEN s.seqrelid IS NOT NULL THEN format('%s start %s increment %s minimum %s maximum %s cache %s%s', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
          s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' cycle' ELSE '' END) END AS "identity sequence",
      (SELECT string_agg(concat(privilege_type, ' to ', CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END), ', ' ORDER BY pg_get_userbyid(grantee), privilege_type)
        FROM aclexplode(s.relacl) WHERE grantee <> s.relowner) AS "grants on its sequence",
      CASE WHEN a.attstorage <> t.typstorage THEN ${words("a.attstorage", storage)} END AS storage,
      CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
      CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END AS "statistics target",
      CASE WHEN a.attoptions IS NOT NULL THEN
        (SELECT string_agg(${listItem("item")}, ', ' ORDER BY item) FROM unnest(a.attoptions) AS item WHERE item NOT LIKE 'pg\\_%') END AS options,
      ${sorted("a.attfdwoptions")} AS "server options", note.description AS comment, mark.label AS "security label",
      ${version < 180_000 ? "NULL" : notNullForm} AS "not null form"
    FROM rel
    JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN (${identitySequences}) AS s ON a.attidentity <> '' AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum
    LEFT JOIN pg_description note ON note.classoid = 'pg_class'::regclass AND note.objoid = a.attrelid AND note.objsubid = a.attnum
    LEFT JOIN (SELECT objoid, objsubid, string_agg(provider || ': ' || label, ', ' ORDER BY provider) AS label FROM pg_seclabel
      WHERE classoid = 'pg_class'::regclass GROUP BY objoid, objsubid) AS mark ON mark.objoid = a.attrelid AND mark.objsubid = a.attnum
    ${version < 180_000 ? "" : "LEFT JOIN pg_constraint nn ON a.attnotnull AND nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum"}
    WHERE rel.relkind IN ('r', 'p', 'f')
      OR rel.relkind IN ('v', 'm', 'c') AND (a.attacl IS NOT NULL OR d.oid IS NOT NULL OR note.description IS NOT NULL OR mark.label IS NOT NULL
        OR a.attoptions IS NOT NULL OR rel.relkind = 'm' AND (a.attstattarget >= 0 OR a.attcompression <> '' OR a.attstorage <> t.typstorage))`,
};

/** Since version 18 the constraint behind it may hold for new rows only, or for the table without its children. */
const notNullForm = "CASE WHEN NOT nn.convalidated THEN 'not valid' WHEN nn.connoinherit THEN 'no inherit' END";
