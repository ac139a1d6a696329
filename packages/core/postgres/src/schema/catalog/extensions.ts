import { comment, label, type Family } from "./family.ts";

const members = [
  { catalog: "pg_class", owner: "relowner", acl: "relacl", type: "CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"" },
  { catalog: "pg_proc", owner: "proowner", acl: "proacl", type: "'f'" },
  { catalog: "pg_type", owner: "typowner", acl: "typacl", type: "'T'" },
  { catalog: "pg_namespace", owner: "nspowner", acl: "nspacl", type: "'n'" },
];

/** What was granted on the extension's objects and revoked from them since it was created. */
const memberGrants = `
      SELECT string_agg(change, '; ' ORDER BY change COLLATE "C") FROM (${members
        .map(
          ({ catalog, owner, acl, type }) => `
        SELECT (pg_identify_object('${catalog}'::regclass, o.oid, 0)).type || ' ' || (pg_identify_object('${catalog}'::regclass, o.oid, 0)).identity || ': ' || changes.list AS change
        FROM pg_depend member JOIN ${catalog} o ON o.oid = member.objid AND member.classid = '${catalog}'::regclass
        LEFT JOIN pg_init_privs init ON init.objoid = o.oid AND init.classoid = '${catalog}'::regclass AND init.objsubid = 0
        CROSS JOIN LATERAL (SELECT coalesce(o.${acl}, acldefault(${type}, o.${owner})) AS now, coalesce(init.initprivs, acldefault(${type}, o.${owner})) AS made) AS acls
        CROSS JOIN LATERAL (SELECT string_agg(concat(sign, privilege, ' of ', CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END), ', ' ORDER BY sign, pg_get_userbyid(grantee), privilege) AS list FROM (
          SELECT '+' AS sign, * FROM (SELECT grantee, privilege_type FROM aclexplode(acls.now) EXCEPT SELECT grantee, privilege_type FROM aclexplode(acls.made)) AS granted (grantee, privilege)
          UNION ALL
          SELECT '-', * FROM (SELECT grantee, privilege_type FROM aclexplode(acls.made) EXCEPT SELECT grantee, privilege_type FROM aclexplode(acls.now)) AS revoked (grantee, privilege)
        ) AS change) AS changes
        WHERE member.refclassid = 'pg_extension'::regclass AND member.refobjid = e.oid AND member.deptype = 'e' AND o.${acl} IS NOT NULL AND changes.list IS NOT NULL`,
        )
        .join("\n        UNION ALL")}) AS changes`;

/** Who owns it is the platform's choice. */
export const extensions: Family = {
  kind: "extension",
  source: "pg_extension WHERE extname <> 'plpgsql'",
  sql: `
    SELECT quote_ident(e.extname) AS name, quote_ident(n.nspname) AS schema, e.extversion AS version,
      available.default_version AS "server's version", (${memberGrants}) AS "grants on its members",
      nullif(${comment("pg_extension", "e.oid")}, available.comment) AS comment, ${label("pg_extension", "e.oid")}
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    LEFT JOIN pg_available_extensions available ON available.name = e.extname
    WHERE e.extname <> 'plpgsql' AND NOT n.nspname = ANY ($4)`,
};
