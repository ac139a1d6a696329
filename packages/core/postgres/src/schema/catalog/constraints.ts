import { described, joinNote, label, sorted, type Family } from "./family.ts";

function shared(version: number): string {
  const validated = version < 180_000 ? "con.convalidated" : "con.convalidated OR NOT con.conenforced";
  return `
      regexp_replace(pg_get_constraintdef(con.oid), ' NOT VALID$', '') AS definition, (${validated})::text AS validated, CASE WHEN con.coninhcount > 0 THEN con.conislocal::text END AS local,
      note.description AS comment, ${label("pg_constraint", "con.oid")}`;
}

/** Not-null constraints are told with their column, constraint triggers as triggers. */
export const constraints: Family = {
  kind: "constraint",
  sql: ({ version }) => `
    SELECT rel.name || '.' || quote_ident(con.conname) AS name, rel.name AS parent, ${origin}, ${shared(version)},
      CASE WHEN con.contype IN ('p', 'u', 'x') THEN index.indisvalid::text END AS "index valid",
      CASE WHEN con.contype IN ('p', 'u', 'x') THEN index.indisclustered::text END AS clustered,
      CASE WHEN con.contype IN ('p', 'u', 'x') THEN index.indisreplident::text END AS "replica identity",
      CASE WHEN con.contype = 'f' THEN coalesce(changed.states, 'enabled') END AS enforcement,
      ${sorted("behind.reloptions")} AS "index options", space.spcname AS "index tablespace", behind_note.description AS "index comment"
    FROM pg_constraint con JOIN rel ON rel.oid = con.conrelid ${joinNote("pg_constraint", "con.oid")}
    LEFT JOIN pg_index index ON index.indexrelid = con.conindid
    LEFT JOIN pg_class behind ON behind.oid = con.conindid AND con.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_description behind_note ON behind_note.classoid = 'pg_class'::regclass AND behind_note.objoid = behind.oid AND behind_note.objsubid = 0
    LEFT JOIN pg_tablespace space ON space.oid = behind.reltablespace
    LEFT JOIN pg_constraint source ON source.oid = con.conparentid AND con.conparentid <> 0
    LEFT JOIN (SELECT tgconstraint, string_agg(DISTINCT tgenabled::text, '') AS states FROM pg_trigger
      WHERE tgisinternal AND tgenabled <> 'O' AND tgconstraint <> 0 GROUP BY tgconstraint) AS changed ON changed.tgconstraint = con.oid
    WHERE con.contype NOT IN ('n', 't') AND rel.relkind IN ('r', 'p', 'f')
      -- A foreign key to a partitioned table has one more for each partition, of a name that the server makes up.
      AND source.conrelid IS DISTINCT FROM con.conrelid
    UNION ALL
    SELECT ns.name || '.' || quote_ident(t.typname) || '.' || quote_ident(con.conname), ns.name || '.' || quote_ident(t.typname), NULL, ${shared(version)},
      NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM pg_constraint con JOIN pg_type t ON t.oid = con.contypid JOIN ns ON ns.oid = t.typnamespace ${joinNote("pg_constraint", "con.oid")}
    WHERE con.contype <> 'n'
      AND NOT EXISTS (SELECT FROM owned WHERE owned.classid = 'pg_type'::regclass AND owned.objid = t.oid)`,
};

/** The constraint of a parent table that it comes from. */
const origin = `
      CASE WHEN source.oid IS NOT NULL THEN source.conrelid::regclass::text || '.' || quote_ident(source.conname)
        WHEN con.contype = 'c' AND con.coninhcount > 0 THEN (SELECT i.inhparent::regclass::text || '.' || quote_ident(con.conname) FROM pg_inherits i
          JOIN pg_constraint above ON above.conrelid = i.inhparent AND above.conname = con.conname WHERE i.inhrelid = con.conrelid ORDER BY i.inhseqno LIMIT 1)
        END AS origin`;

/** The index behind a constraint is told with its constraint. */
export const indexes: Family = {
  kind: "index",
  sql: `
    SELECT told.schema || '.' || told.own AS name, parent, form || substr(text, position(own IN text) + length(own) + 1) AS definition,
      valid, clustered, "replica identity", tablespace, "statistics targets", origin, origin AS parents, comment, "security label"
    FROM (SELECT ns.name AS schema, quote_ident(c.relname) AS own, rel.name AS parent, CASE WHEN index.indisunique THEN 'UNIQUE ' ELSE '' END AS form, pg_get_indexdef(c.oid) AS text,
      (index.indisvalid AND index.indisready)::text AS valid, index.indisclustered::text AS clustered, index.indisreplident::text AS "replica identity",
      space.spcname AS tablespace,
      CASE WHEN index.indexprs IS NOT NULL THEN (SELECT string_agg(a.attnum || ':' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attstattarget >= 0) END AS "statistics targets",
      CASE WHEN c.relispartition THEN (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid) END AS origin,
      note.description AS comment, ${label("pg_class", "c.oid")}
    FROM pg_index index
    JOIN pg_class c ON c.oid = index.indexrelid
    JOIN rel ON rel.oid = index.indrelid
    JOIN ns ON ns.oid = c.relnamespace
    ${joinNote("pg_class", "c.oid")}
    LEFT JOIN pg_tablespace space ON space.oid = c.reltablespace
    WHERE rel.relkind IN ('r', 'p', 'm')
      AND NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = c.oid AND con.contype IN ('p', 'u', 'x') AND con.conrelid = index.indrelid)
    -- Here the planner stops: it would write the definition, which is dear, wherever its text is used.
    OFFSET 0) AS told`,
};

export const statistics: Family = {
  kind: "statistics",
  source: "pg_statistic_ext",
  sql: `
    SELECT ns.name || '.' || quote_ident(s.stxname) AS name, s.stxrelid::regclass::text AS parent, pg_get_userbyid(s.stxowner) AS owner,
      pg_get_statisticsobjdef(s.oid) AS definition, CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END AS target,
      ${described("pg_statistic_ext", "s.oid")}
    FROM pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace`,
};
