import { described, notOfExtension, type Family } from "./family.ts";

export const operators: Family = {
  kind: "operator",
  source: "pg_operator WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || o.oprname || '(' || concat_ws(', ', CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) ELSE 'NONE' END,
        format_type(o.oprright, NULL)) || ')' AS name,
      pg_get_userbyid(o.oprowner) AS owner, o.oprcode::text AS function, format_type(o.oprresult, NULL) AS result,
      nullif(o.oprcom, 0)::regoperator::text AS commutator, nullif(o.oprnegate, 0)::regoperator::text AS negator,
      nullif(o.oprrest, 0)::regproc::text AS restrict, nullif(o.oprjoin, 0)::regproc::text AS "join", o.oprcanmerge::text AS merges, o.oprcanhash::text AS hashes,
      ${described("pg_operator", "o.oid")}
    FROM pg_operator o JOIN ns ON ns.oid = o.oprnamespace WHERE o.oprcode <> 0 AND ${notOfExtension("pg_operator", "o.oid")}`,
};

const operatorList = "string_agg(a.amopstrategy || ' ' || a.amopopr::regoperator::text, ', ' ORDER BY a.amopstrategy, a.amopopr::regoperator::text)";
const functionList = "string_agg(a.amprocnum || ' ' || a.amproc::regprocedure::text, ', ' ORDER BY a.amprocnum, a.amproc::regprocedure::text)";

/** The condition, left open for more, that an operator or function belongs to a class; the others are loose in the family. */
function ofClass(catalog: string): string {
  return `EXISTS (SELECT FROM pg_depend dep WHERE dep.classid = '${catalog}'::regclass AND dep.objid = a.oid AND dep.refclassid = 'pg_opclass'::regclass`;
}

export const operatorClasses: Family = {
  kind: "operator class",
  source: "pg_opclass WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(o.opcname) || ' USING ' || am.amname AS name, pg_get_userbyid(o.opcowner) AS owner,
      format_type(o.opcintype, NULL) AS type, o.opcdefault::text AS "default", nullif(o.opckeytype, 0)::regtype::text AS "storage type",
      (SELECT quote_ident(n.nspname) || '.' FROM pg_namespace n WHERE n.oid = f.opfnamespace) || quote_ident(f.opfname) AS family,
      (SELECT ${operatorList} FROM pg_amop a WHERE a.amopfamily = f.oid AND ${ofClass("pg_amop")} AND dep.refobjid = o.oid)) AS operators,
      (SELECT ${functionList} FROM pg_amproc a WHERE a.amprocfamily = f.oid AND ${ofClass("pg_amproc")} AND dep.refobjid = o.oid)) AS functions,
      ${described("pg_opclass", "o.oid")}
    FROM pg_opclass o JOIN ns ON ns.oid = o.opcnamespace JOIN pg_am am ON am.oid = o.opcmethod JOIN pg_opfamily f ON f.oid = o.opcfamily
    WHERE ${notOfExtension("pg_opclass", "o.oid")}`,
};

export const operatorFamilies: Family = {
  kind: "operator family",
  source: "pg_opfamily WHERE oid >= 16384",
  sql: `
    SELECT ns.name || '.' || quote_ident(f.opfname) || ' USING ' || am.amname AS name, pg_get_userbyid(f.opfowner) AS owner,
      (SELECT ${operatorList} FROM pg_amop a WHERE a.amopfamily = f.oid AND NOT ${ofClass("pg_amop")})) AS operators,
      (SELECT ${functionList} FROM pg_amproc a WHERE a.amprocfamily = f.oid AND NOT ${ofClass("pg_amproc")})) AS functions,
      ${described("pg_opfamily", "f.oid")}
    FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_am am ON am.oid = f.opfmethod
    WHERE ${notOfExtension("pg_opfamily", "f.oid")}`,
};
