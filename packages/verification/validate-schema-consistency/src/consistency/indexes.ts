import { pass, skipped, warn, type Finding, type Limit } from "@org/script";
import { looksAt } from "./scope.ts";

const index = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)";

/**
 * Indexes that another one of the table can stand in for: it begins with the same columns, sorted alike, of the same rows. A unique one has another
 * purpose, and of two that are alike in everything `duplicateIndexes` tells.
 */
export const redundantIndexes: string = `
  SELECT ${index} || ' (covered by ' || quote_ident(w.relname) || ')' AS object
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN LATERAL (
    SELECT wider.relname FROM pg_index o JOIN pg_class wider ON wider.oid = o.indexrelid
    WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND o.indisvalid AND wider.relam = c.relam AND o.indnkeyatts > i.indnkeyatts
      AND (o.indkey::int2[])[0:i.indnkeyatts - 1] = (i.indkey::int2[])[0:i.indnkeyatts - 1]
      AND (o.indclass::oid[])[0:i.indnkeyatts - 1] = (i.indclass::oid[])[0:i.indnkeyatts - 1]
      AND (o.indcollation::oid[])[0:i.indnkeyatts - 1] = (i.indcollation::oid[])[0:i.indnkeyatts - 1]
      AND (o.indoption::int2[])[0:i.indnkeyatts - 1] = (i.indoption::int2[])[0:i.indnkeyatts - 1]
      AND (o.indkey::int2[]) @> (i.indkey::int2[]) AND pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_get_expr(i.indpred, i.indrelid)
    ORDER BY o.indnkeyatts, wider.relname LIMIT 1
  ) AS w ON true
  WHERE ${looksAt} AND i.indisvalid AND NOT i.indisunique AND NOT c.relispartition
    AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND NOT 0 = ANY (i.indkey::int2[])
  ORDER BY 1`;

export interface IndexUse {
  /** Days since the server began to count. */
  readonly age: number;
  /** Indexes that nothing has read since, with their size. */
  readonly unused: readonly string[];
}

/** Indexes that keep a rule (unique ones, those of constraints and replica identities) are needed also when nothing reads them. */
export const indexUse: string = `
  SELECT (SELECT extract(epoch FROM now() - greatest(coalesce(s.stats_reset, pg_postmaster_start_time()), '-infinity'))::float8 / 86400
      FROM pg_stat_database s WHERE s.datname = current_database()) AS age,
    coalesce((SELECT array_agg(${index} || ' (' || pg_size_pretty(pg_relation_size(c.oid)) || ')' ORDER BY pg_relation_size(c.oid) DESC, 1)
      FROM pg_stat_all_indexes u JOIN pg_index i ON i.indexrelid = u.indexrelid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${looksAt} AND u.idx_scan = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.indisreplident
        AND NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = i.indexrelid)), '{}') AS unused`;

/** Days that statistics must cover: a month has what is read once a month. */
export const fullMonth = 31;

/** Young statistics say nothing of what is read seldom, so they are not judged by. */
export function judgeIndexUse({ age, unused }: IndexUse, limit: Limit): Finding {
  const days = Math.floor(age * 10) / 10;
  if (age < limit.value) return skipped(`the server has counted for ${days} days only; what is read once a month shows after ${limit.value} (${unused.length} indexes are not read so far)`);
  const extra = { value: unused.length, unit: "count", occurrences: unused.map((object) => ({ rule: "consistency.unused-indexes", level: "note" as const, message: `${object} was not read for ${days} days`, object })) };
  if (unused.length === 0) return pass(`every index was read in the last ${days} days`);
  return warn(`not read in ${days} days: ${unused.join(", ")}`, "Look whether a replica reads them, then drop them: each costs disk and slows each write.", extra);
}
