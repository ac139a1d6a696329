import { looksAt } from "./scope.ts";

const table = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)";

export const tablesWithoutKey: string = `
  SELECT ${table} AS object
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${looksAt} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conrelid = c.oid AND con.contype = 'p')
  ORDER BY 1`;

const foreignKey = `${table} || '.' || quote_ident(con.conname)`;

/** The parts of a partition inherit their foreign keys, so only the first of them is told. */
const foreignKeys = "con.contype = 'f' AND con.conparentid = 0";

export const foreignKeyTypes: string = `
  SELECT ${foreignKey} || ' (' || string_agg(format('%I is %s, %I is %s', a.attname, format_type(a.atttypid, NULL), r.attname,
      format_type(r.atttypid, NULL)), ', ' ORDER BY pair.position) || ')' AS object,
    bool_or(at.typcategory = 'N' AND at.typlen > 0 AND at.typlen < rt.typlen) AS grave
  FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
    unnest(con.conkey, con.confkey) WITH ORDINALITY AS pair(own, referred, position),
    pg_attribute a, pg_type at, pg_attribute r, pg_type rt
  WHERE ${looksAt} AND ${foreignKeys}
    AND a.attrelid = con.conrelid AND a.attnum = pair.own AND at.oid = a.atttypid
    AND r.attrelid = con.confrelid AND r.attnum = pair.referred AND rt.oid = r.atttypid AND a.atttypid <> r.atttypid
  GROUP BY con.oid, n.nspname, c.relname, con.conname
  ORDER BY 1`;

export const unindexedForeignKeys: string = `
  SELECT ${foreignKey} AS object
  FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${looksAt} AND ${foreignKeys}
    AND NOT EXISTS (
      SELECT FROM pg_index i
      WHERE i.indrelid = con.conrelid AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts >= cardinality(con.conkey)
        AND (i.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey
    )
  ORDER BY 1`;

const index = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)";

export const invalidIndexes: string = `
  SELECT ${index} AS object, true AS grave
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${looksAt} AND NOT (i.indisvalid AND i.indisready)
    -- The index of a partitioned table is invalid until each part has its own; one that is being built now is not broken.
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
  ORDER BY 1`;

export const duplicateIndexes: string = `
  SELECT string_agg(${index}, ' and ' ORDER BY c.relname) AS object
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${looksAt} AND i.indisvalid AND NOT c.relispartition
  GROUP BY i.indrelid, c.relam, i.indkey::text, i.indnkeyatts, i.indclass::text, i.indcollation::text, i.indoption::text,
    pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)
  HAVING count(*) > 1
  ORDER BY 1`;

export const unvalidatedConstraints: string = `
  SELECT quote_ident(n.nspname) || '.' || quote_ident(coalesce(c.relname, t.typname)) || '.' || quote_ident(con.conname) AS object
  FROM pg_constraint con
  LEFT JOIN pg_class c ON c.oid = con.conrelid
  LEFT JOIN pg_type t ON t.oid = con.contypid
  JOIN pg_namespace n ON n.oid = con.connamespace
  WHERE ${looksAt} AND NOT con.convalidated
  ORDER BY 1`;

export const disabledTriggers: string = `
  SELECT ${table} || '.' || CASE WHEN tg.tgisinternal THEN quote_ident(con.conname) || ' (foreign key)' ELSE quote_ident(tg.tgname) END AS object
  FROM pg_trigger tg JOIN pg_class c ON c.oid = tg.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_constraint con ON con.oid = tg.tgconstraint
  WHERE ${looksAt} AND tg.tgenabled = 'D'
  GROUP BY 1
  ORDER BY 1`;
