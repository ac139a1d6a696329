import { comment, notOfExtension, type Family } from "./family.ts";

const typeCommon = `
  pg_get_userbyid(t.typowner) AS owner, coalesce(t.typacl, acldefault('T', t.typowner))::text[] AS acl, ${comment("pg_type", "t.oid")} AS comment`;

export const types: Family = {
  kind: "type",
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
      nullif(r.rngsubdiff, 0)::regproc::text AS difference, nullif(r.rngmultitypid, 0)::regtype::text AS multirange
    FROM pg_type t JOIN ns ON ns.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid LEFT JOIN pg_range r ON r.rngtypid = t.oid
    WHERE (t.typtype IN ('e', 'r') OR t.typtype = 'c' AND c.relkind = 'c' OR t.typtype = 'b' AND t.typelem = 0)
      AND ${notOfExtension("pg_type", "t.oid")}`,
};

export const domains: Family = {
  kind: "domain",
  sql: `
    SELECT ns.name || '.' || quote_ident(t.typname) AS name, ${typeCommon}, format_type(t.typbasetype, t.typtypmod) AS type,
      t.typdefault AS "default", t.typnotnull AS "not null",
      CASE WHEN t.typcollation <> base.typcollation THEN t.typcollation::regcollation::text END AS collation
    FROM pg_type t JOIN ns ON ns.oid = t.typnamespace JOIN pg_type base ON base.oid = t.typbasetype
    WHERE t.typtype = 'd' AND ${notOfExtension("pg_type", "t.oid")}`,
};

export const collations: Family = {
  kind: "collation",
  sql: `
    SELECT ns.name || '.' || quote_ident(c.collname) AS name, pg_get_userbyid(c.collowner) AS owner, c.collprovider::text AS provider,
      c.collisdeterministic AS deterministic, c.collcollate AS collate, c.collctype AS ctype,
      coalesce(to_jsonb(c) ->> 'collicurules', to_jsonb(c) ->> 'collicurules') AS rules,
      coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale') AS locale, ${comment("pg_collation", "c.oid")} AS comment
    FROM pg_collation c JOIN ns ON ns.oid = c.collnamespace WHERE ${notOfExtension("pg_collation", "c.oid")}`,
};

export const operators: Family = {
  kind: "operator",
  sql: `
    SELECT ns.name || '.' || o.oprname || '(' || concat_ws(', ', CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) ELSE 'NONE' END,
        format_type(o.oprright, NULL)) || ')' AS name,
      pg_get_userbyid(o.oprowner) AS owner, o.oprcode::text AS function, format_type(o.oprresult, NULL) AS result,
      nullif(o.oprcom, 0)::regoperator::text AS commutator, nullif(o.oprnegate, 0)::regoperator::text AS negator,
      nullif(o.oprrest, 0)::regproc::text AS restrict, nullif(o.oprjoin, 0)::regproc::text AS "join", o.oprcanmerge AS merges, o.oprcanhash AS hashes,
      ${comment("pg_operator", "o.oid")} AS comment
    FROM pg_operator o JOIN ns ON ns.oid = o.oprnamespace WHERE o.oprcode <> 0 AND ${notOfExtension("pg_operator", "o.oid")}`,
};

export const operatorClasses: Family = {
  kind: "operator class",
  sql: `
    SELECT ns.name || '.' || quote_ident(o.opcname) || ' USING ' || am.amname AS name, pg_get_userbyid(o.opcowner) AS owner,
      format_type(o.opcintype, NULL) AS type, o.opcdefault AS "default", nullif(o.opckeytype, 0)::regtype::text AS "storage type",
      (SELECT quote_ident(n.nspname) || '.' FROM pg_namespace n WHERE n.oid = f.opfnamespace) || quote_ident(f.opfname) AS family
    FROM pg_opclass o JOIN ns ON ns.oid = o.opcnamespace JOIN pg_am am ON am.oid = o.opcmethod JOIN pg_opfamily f ON f.oid = o.opcfamily
    WHERE ${notOfExtension("pg_opclass", "o.oid")}`,
};

export const operatorFamilies: Family = {
  kind: "operator family",
  sql: `
    SELECT ns.name || '.' || quote_ident(f.opfname) || ' USING ' || am.amname AS name, pg_get_userbyid(f.opfowner) AS owner,
      (SELECT string_agg(a.amopstrategy || ' ' || a.amopopr::regoperator::text, ', ' ORDER BY a.amopstrategy, a.amopopr::regoperator::text)
        FROM pg_amop a WHERE a.amopfamily = f.oid) AS operators,
      (SELECT string_agg(a.amprocnum || ' ' || a.amproc::regprocedure::text, ', ' ORDER BY a.amprocnum, a.amproc::regprocedure::text)
        FROM pg_amproc a WHERE a.amprocfamily = f.oid) AS functions
    FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_am am ON am.oid = f.opfmethod
    WHERE ${notOfExtension("pg_opfamily", "f.oid")}`,
};

export const casts: Family = {
  kind: "cast",
  sql: `
    SELECT format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) AS name,
      nullif(c.castfunc, 0)::regprocedure::text AS function,
      CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment' ELSE 'implicit' END AS context, c.castmethod::text AS method
    FROM pg_cast c WHERE c.oid >= 16384 AND ${notOfExtension("pg_cast", "c.oid")}
      -- A range type makes the cast to its multirange.
      AND NOT EXISTS (SELECT FROM pg_depend dep WHERE dep.classid = 'pg_cast'::regclass AND dep.objid = c.oid AND dep.deptype = 'i')`,
};

export const conversions: Family = {
  kind: "conversion",
  sql: `
    SELECT ns.name || '.' || quote_ident(c.conname) AS name, pg_get_userbyid(c.conowner) AS owner, c.conproc::text AS function,
      pg_encoding_to_char(c.conforencoding)::text AS "from", pg_encoding_to_char(c.contoencoding)::text AS "to", c.condefault AS "default"
    FROM pg_conversion c JOIN ns ON ns.oid = c.connamespace WHERE ${notOfExtension("pg_conversion", "c.oid")}`,
};

export const textSearchConfigurations: Family = {
  kind: "text search configuration",
  sql: `
    SELECT ns.name || '.' || quote_ident(c.cfgname) AS name, pg_get_userbyid(c.cfgowner) AS owner, 
      (SELECT quote_ident(n.nspname) || '.' FROM pg_namespace n WHERE n.oid = parser.prsnamespace) || quote_ident(parser.prsname) AS parser,
      (SELECT string_agg(token.alias || ':' || m.mapdict::regdictionary::text, ', ' ORDER BY m.maptokentype, m.mapseqno)
        FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) AS token ON token.tokid = m.maptokentype WHERE m.mapcfg = c.oid) AS mappings, ${comment("pg_ts_config", "c.oid")} AS comment
    FROM pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace JOIN pg_ts_parser parser ON parser.oid = c.cfgparser
    WHERE ${notOfExtension("pg_ts_config", "c.oid")}`,
};

export const textSearchDictionaries: Family = {
  kind: "text search dictionary",
  sql: `
    SELECT ns.name || '.' || quote_ident(d.dictname) AS name, pg_get_userbyid(d.dictowner) AS owner, 
      (SELECT quote_ident(n.nspname) || '.' FROM pg_namespace n WHERE n.oid = template.tmplnamespace) || quote_ident(template.tmplname) AS template,
      d.dictinitoption AS options, ${comment("pg_ts_dict", "d.oid")} AS comment
    FROM pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace JOIN pg_ts_template template ON template.oid = d.dicttemplate
    WHERE ${notOfExtension("pg_ts_dict", "d.oid")}`,
};
