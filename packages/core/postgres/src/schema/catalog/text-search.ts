import { described, notOfExtension, type Family } from "./family.ts";

export const textSearchConfigurations: Family = {
  kind: "text search configuration",
  source: "pg_ts_config WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(c.cfgname) AS name, pg_get_userbyid(c.cfgowner) AS owner,
      (SELECT quote_ident(n.nspname) || '.' FROM pg_namespace n WHERE n.oid = parser.prsnamespace) || quote_ident(parser.prsname) AS parser,
      (SELECT string_agg(token.alias || ':' || m.mapdict::regdictionary::text, ', ' ORDER BY m.maptokentype, m.mapseqno)
        FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) AS token ON token.tokid = m.maptokentype WHERE m.mapcfg = c.oid) AS mappings, ${described("pg_ts_config", "c.oid")}
    FROM pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace JOIN pg_ts_parser parser ON parser.oid = c.cfgparser
    WHERE ${notOfExtension("pg_ts_config", "c.oid")}`,
};

export const textSearchDictionaries: Family = {
  kind: "text search dictionary",
  source: "pg_ts_dict WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(d.dictname) AS name, pg_get_userbyid(d.dictowner) AS owner,
      (SELECT quote_ident(n.nspname) || '.' FROM pg_namespace n WHERE n.oid = template.tmplnamespace) || quote_ident(template.tmplname) AS template,
      d.dictinitoption AS options, ${described("pg_ts_dict", "d.oid")}
    FROM pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace JOIN pg_ts_template template ON template.oid = d.dicttemplate
    WHERE ${notOfExtension("pg_ts_dict", "d.oid")}`,
};

export const textSearchParsers: Family = {
  kind: "text search parser",
  source: "pg_ts_parser WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(p.prsname) AS name, p.prsstart::text AS start, p.prstoken::text AS token, p.prsend::text AS "end",
      nullif(p.prsheadline::oid, 0)::regproc::text AS headline, p.prslextype::text AS "token types", ${described("pg_ts_parser", "p.oid")}
    FROM pg_ts_parser p JOIN ns ON ns.oid = p.prsnamespace WHERE ${notOfExtension("pg_ts_parser", "p.oid")}`,
};

export const textSearchTemplates: Family = {
  kind: "text search template",
  source: "pg_ts_template WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(t.tmplname) AS name, nullif(t.tmplinit::oid, 0)::regproc::text AS init, t.tmpllexize::text AS lexize,
      ${described("pg_ts_template", "t.oid")}
    FROM pg_ts_template t JOIN ns ON ns.oid = t.tmplnamespace WHERE ${notOfExtension("pg_ts_template", "t.oid")}`,
};
