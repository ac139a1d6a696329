import { described, joinNote, label, notOfExtension, sorted, words, type Family } from "./family.ts";

const volatility = words("p.provolatile", { i: "immutable", s: "stable", v: "volatile" });
const parallel = words("p.proparallel", { s: "safe", r: "restricted", u: "unsafe" });

export const routines: Family = {
  kind: "function",
  source: "pg_proc WHERE oid >= 16384",
  sql: `
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
      ns.name || '.' || quote_ident(p.proname) || '(' || oidvectortypes(p.proargtypes) || ')' AS name,
      pg_get_userbyid(p.proowner) AS owner, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl,
      pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, l.lanname AS language,
      CASE WHEN p.prokind = 'w' THEN 'true' END AS "window", ${volatility} AS volatility, p.proisstrict::text AS strict,
      p.prosecdef::text AS "security definer", p.proleakproof::text AS leakproof, ${parallel} AS parallel, p.procost::text AS cost, p.prorows::text AS rows,
      ${sorted("p.proconfig")} AS settings,
      CASE WHEN p.protrftypes IS NOT NULL THEN (SELECT string_agg(format_type(type, NULL), ', ' ORDER BY 1) FROM unnest(p.protrftypes) AS type) END AS transforms, CASE WHEN p.prosupport <> 0 THEN p.prosupport::text END AS "support function",
      CASE WHEN p.prokind <> 'a' THEN coalesce(pg_get_function_sqlbody(p.oid), replace(p.prosrc, E'\\r\\n', E'\\n')) END AS body,
      CASE WHEN l.lanname = 'c' THEN convert_from(p.probin::text::bytea, 'UTF8') END AS library,
      CASE WHEN p.prokind = 'a' THEN (${aggregate()}) END AS definition, ${described("pg_proc", "p.oid")}
    FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE ${notOfExtension("pg_proc", "p.oid")}
      -- A range type makes its constructors, an enumeration and a composite type make none.
      AND NOT EXISTS (SELECT FROM pg_depend dep WHERE dep.classid = 'pg_proc'::regclass AND dep.objid = p.oid AND dep.deptype = 'i')`,
};

function aggregate(): string {
  const parts = [
    "'step', nullif(agg.aggtransfn, 0)::regproc",
    "'state', format_type(agg.aggtranstype, NULL)",
    "'final', nullif(agg.aggfinalfn, 0)::regproc",
    "'combine', nullif(agg.aggcombinefn, 0)::regproc",
    "'serialize', nullif(agg.aggserialfn, 0)::regproc",
    "'deserialize', nullif(agg.aggdeserialfn, 0)::regproc",
    "'initial', agg.agginitval",
    "'moving step', nullif(agg.aggmtransfn, 0)::regproc",
    "'moving inverse', nullif(agg.aggminvtransfn, 0)::regproc",
    "'moving state', format_type(nullif(agg.aggmtranstype, 0), NULL)",
    "'moving final', nullif(agg.aggmfinalfn, 0)::regproc",
    "'moving initial', agg.aggminitval",
    "'final extra', agg.aggfinalextra",
    "'final changes', agg.aggfinalmodify",
    "'moving final extra', agg.aggmfinalextra",
    "'moving final changes', agg.aggmfinalmodify",
    "'state size', nullif(agg.aggtransspace, 0)",
    "'moving state size', nullif(agg.aggmtransspace, 0)",
    "'form', agg.aggkind",
    "'direct arguments', agg.aggnumdirectargs",
    "'sort operator', nullif(agg.aggsortop, 0)::regoperator",
  ];
  return `SELECT jsonb_strip_nulls(jsonb_build_object(${parts.join(", ")}))::text FROM pg_aggregate agg WHERE agg.aggfnoid = p.oid`;
}

export const triggers: Family = {
  kind: "trigger",
  source: "pg_trigger WHERE NOT tgisinternal OR tgparentid <> 0",
  sql: `
    SELECT rel.name || '.' || quote_ident(tg.tgname) AS name, rel.name AS parent, pg_get_triggerdef(tg.oid) AS definition,
      CASE WHEN tg.tgparentid <> 0 THEN 'true' END AS inherited,
      (SELECT parent.tgrelid::regclass::text || '.' || quote_ident(parent.tgname) FROM pg_trigger parent WHERE parent.oid = tg.tgparentid) AS origin,
      ${words("tg.tgenabled", { O: "enabled", D: "disabled", R: "replica", A: "always" })} AS state, ${described("pg_trigger", "tg.oid")}
    FROM pg_trigger tg JOIN rel ON rel.oid = tg.tgrelid
    -- Before version 15 what partitions get of a trigger counts as internal.
    WHERE (NOT tg.tgisinternal OR tg.tgparentid <> 0 AND tg.tgconstraint = 0) AND ${notOfExtension("pg_trigger", "tg.oid")}`,
};

export const eventTriggers: Family = {
  kind: "event trigger",
  source: "pg_event_trigger",
  sql: `
    SELECT quote_ident(e.evtname) AS name, pg_get_userbyid(e.evtowner) AS owner, e.evtevent AS event, e.evtfoid::regprocedure::text AS function,
      ${words("e.evtenabled", { O: "enabled", D: "disabled", R: "replica", A: "always" })} AS state, ${sorted("e.evttags")} AS tags,
      ${described("pg_event_trigger", "e.oid")}
    FROM pg_event_trigger e
    WHERE ${notOfExtension("pg_event_trigger", "e.oid")} AND NOT pg_get_userbyid(e.evtowner)::text = ANY ($3)`,
};

export const policies: Family = {
  kind: "policy",
  source: "pg_policy",
  sql: `
    SELECT rel.name || '.' || quote_ident(pol.polname) AS name, rel.name AS parent,
      ${words("pol.polcmd", { r: "select", a: "insert", w: "update", d: "delete", "*": "all" })} AS command,
      CASE WHEN pol.polpermissive THEN 'permissive' ELSE 'restrictive' END AS form,
      (SELECT json_agg(CASE role WHEN 0 THEN '' ELSE pg_get_userbyid(role) END) FROM unnest(pol.polroles) AS role) AS "to roles",
      pg_get_expr(pol.polqual, pol.polrelid) AS "using", pg_get_expr(pol.polwithcheck, pol.polrelid) AS "with check",
      note.description AS comment, ${label("pg_policy", "pol.oid")}
    FROM pg_policy pol JOIN rel ON rel.oid = pol.polrelid ${joinNote("pg_policy", "pol.oid")}`,
};

export const languages: Family = {
  kind: "language",
  source: "pg_language WHERE oid >= 16384",
  sql: `
    SELECT quote_ident(l.lanname) AS name, pg_get_userbyid(l.lanowner) AS owner, coalesce(l.lanacl, acldefault('l', l.lanowner)) AS acl,
      l.lanpltrusted::text AS trusted, nullif(l.lanplcallfoid, 0)::regproc::text AS handler, nullif(l.laninline, 0)::regproc::text AS inline,
      nullif(l.lanvalidator, 0)::regproc::text AS validator, ${described("pg_language", "l.oid")}
    FROM pg_language l WHERE l.oid >= 16384 AND ${notOfExtension("pg_language", "l.oid")}`,
};

export const transforms: Family = {
  kind: "transform",
  source: "pg_transform",
  sql: `
    SELECT format_type(t.trftype, NULL) || ' for ' || quote_ident(l.lanname) AS name, nullif(t.trffromsql, 0)::regprocedure::text AS "from sql",
      nullif(t.trftosql, 0)::regprocedure::text AS "to sql", ${described("pg_transform", "t.oid")}
    FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE ${notOfExtension("pg_transform", "t.oid")}`,
};

export const accessMethods: Family = {
  kind: "access method",
  source: "pg_am WHERE oid >= 16384",
  sql: `
    SELECT quote_ident(am.amname) AS name, am.amhandler::text AS handler, ${words("am.amtype", { i: "index", t: "table" })} AS type, ${described("pg_am", "am.oid")}
    FROM pg_am am WHERE am.oid >= 16384 AND ${notOfExtension("pg_am", "am.oid")}`,
};
