import { described, notOfExtension, type Family } from "./family.ts";

const typeCommon = `
  pg_get_userbyid(t.typowner) AS owner, coalesce(t.typacl, acldefault('T', t.typowner)) AS acl, ${described("pg_type", "t.oid")}`;

export const types: Family = {
  kind: "type",
  source: "pg_type WHERE oid >= 16384 AND (typtype IN ('e', 'r') OR typtype = 'b' AND typinput <> 'array_in'::regproc OR typtype = 'c' AND typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))",
  sql: `
    SELECT ns.name || '.' || quote_ident(t.typname) AS name, ${typeCommon},
      CASE t.typtype WHEN 'e' THEN 'enumeration' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' ELSE 'base' END AS form,
      (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,
      (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attcollation <> at.typcollation THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END, ', ' ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes,
      format_type(nullif(r.rngsubtype, 0), NULL) AS subtype,
      (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.opcname) FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
        WHERE o.oid = r.rngsubopc) AS "operator class",
      nullif(r.rngcollation, 0)::regcollation::text AS collation, nullif(r.rngcanonical, 0)::regproc::text AS canonical,
      nullif(r.rngsubdiff, 0)::regproc::text AS difference, nullif(r.rngmultitypid, 0)::regtype::text AS multirange,
      CASE WHEN t.typtype = 'b' THEN (${baseType()}) END AS definition
    FROM pg_type t JOIN ns ON ns.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid LEFT JOIN pg_range r ON r.rngtypid = t.oid
    WHERE (t.typtype IN ('e', 'r') OR t.typtype = 'c' AND c.relkind = 'c' OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type item WHERE item.typarray = t.oid))
      AND ${notOfExtension("pg_type", "t.oid")}`,
};

/** What CREATE TYPE says of a base type. */
function baseType(): string {
  const parts = [
    "'input', t.typinput::regproc",
    "'output', t.typoutput::regproc",
    "'receive', nullif(t.typreceive::oid, 0)::regproc",
    "'send', nullif(t.typsend::oid, 0)::regproc",
    "'modifier input', nullif(t.typmodin::oid, 0)::regproc",
    "'modifier output', nullif(t.typmodout::oid, 0)::regproc",
    "'analyze', nullif(t.typanalyze::oid, 0)::regproc",
    "'length', t.typlen",
    "'by value', t.typbyval",
    "'alignment', t.typalign",
    "'storage', t.typstorage",
    "'category', t.typcategory",
    "'preferred', t.typispreferred",
    "'delimiter', t.typdelim",
    "'default', t.typdefault",
    "'element', nullif(t.typelem, 0)::regtype",
    "'collatable', t.typcollation <> 0",
  ];
  return `SELECT jsonb_strip_nulls(jsonb_build_object(${parts.join(", ")}))::text`;
}

export const domains: Family = {
  kind: "domain",
  source: "pg_type WHERE typtype = 'd' AND oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(t.typname) AS name, ${typeCommon}, format_type(t.typbasetype, t.typtypmod) AS type,
      pg_get_expr(t.typdefaultbin, 0) AS "default", t.typnotnull::text AS "not null",
      CASE WHEN t.typcollation <> base.typcollation THEN t.typcollation::regcollation::text END AS collation
    FROM pg_type t JOIN ns ON ns.oid = t.typnamespace JOIN pg_type base ON base.oid = t.typbasetype
    WHERE t.typtype = 'd' AND ${notOfExtension("pg_type", "t.oid")}`,
};

export const collations: Family = {
  kind: "collation",
  source: "pg_collation WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(c.collname) AS name, pg_get_userbyid(c.collowner) AS owner, c.collprovider::text AS provider,
      c.collisdeterministic::text AS deterministic, c.collcollate AS collate, c.collctype AS ctype,
      to_jsonb(c) ->> 'collicurules' AS rules,
      coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale') AS locale, ${described("pg_collation", "c.oid")}
    FROM pg_collation c JOIN ns ON ns.oid = c.collnamespace WHERE ${notOfExtension("pg_collation", "c.oid")}`,
};

export const casts: Family = {
  kind: "cast",
  source: "pg_cast WHERE oid >= 16384",
  sql: `
    SELECT format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) AS name,
      nullif(c.castfunc, 0)::regprocedure::text AS function,
      CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment' ELSE 'implicit' END AS context, c.castmethod::text AS method, ${described("pg_cast", "c.oid")}
    FROM pg_cast c WHERE c.oid >= 16384 AND ${notOfExtension("pg_cast", "c.oid")}
      -- A range type makes the cast to its multirange.
      AND NOT EXISTS (SELECT FROM pg_depend dep WHERE dep.classid = 'pg_cast'::regclass AND dep.objid = c.oid AND dep.deptype = 'i')`,
};

export const conversions: Family = {
  kind: "conversion",
  source: "pg_conversion WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(c.conname) AS name, pg_get_userbyid(c.conowner) AS owner, c.conproc::text AS function,
      pg_encoding_to_char(c.conforencoding)::text AS "from", pg_encoding_to_char(c.contoencoding)::text AS "to", c.condefault::text AS "default",
      ${described("pg_conversion", "c.oid")}
    FROM pg_conversion c JOIN ns ON ns.oid = c.connamespace WHERE ${notOfExtension("pg_conversion", "c.oid")}`,
};
