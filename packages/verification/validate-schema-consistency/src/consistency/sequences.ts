import { fail, pass, unknown, warn, type Finding } from "@org/script";
import { occurrencesOf, type Told } from "./occurrences.ts";
import { looksAt } from "./scope.ts";

export interface SequenceRow {
  readonly object: string;
  readonly readable: boolean;
  /** How much of its range is used, from 0 to 1; null before the first value. */
  readonly used: number | null;
}

/** A sequence ends where its own range or that of the column that it feeds ends, whichever is nearer. */
export const sequenceQuery: string = `
  SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS object, has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable,
    (CASE WHEN s.seqincrement > 0
      THEN (v.last_value - s.seqmin)::numeric / nullif(least(s.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE s.seqmax END) - s.seqmin, 0)
      ELSE (s.seqmax - v.last_value)::numeric / nullif(s.seqmax - s.seqmin, 0) END)::float8 AS used
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_sequences v ON v.schemaname = n.nspname AND v.sequencename = c.relname
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE ${looksAt} AND NOT s.seqcycle
  ORDER BY used DESC NULLS LAST, 1`;

const failsAt = 90;
const warnsAt = 70;

/** Judges by the fullest one. What cannot be read may be full. */
export function judgeSequences(rows: readonly SequenceRow[], limit: number = failsAt): Finding {
  const hidden = rows.filter(({ readable }) => !readable).map(({ object }) => object);
  const percent = (used: number | null): number => Math.round((used ?? 0) * 1000) / 10;
  const near = rows.filter(({ used }) => percent(used) >= Math.min(warnsAt, limit));
  const value = Math.max(0, ...rows.map(({ used }) => percent(used)));
  const told = near.map(({ object, used }): Told => ({ object, message: `${object} has used ${percent(used)} % of its range` }));
  const occurrences = occurrencesOf(told, { rule: "consistency.sequences", level: value >= limit ? "error" : "warning", remedy });
  const extra = { value, unit: "%", threshold: { value: limit, source: limit === failsAt ? "default" : "config" }, occurrences };
  const evidence = told.map(({ message }) => message).join("; ");
  if (value >= limit) return fail(evidence, remedy, extra);
  if (hidden.length > 0) {
    return unknown(`not readable: ${hidden.join(", ")}`, "GRANT SELECT on these sequences to the role.", { code: "permission" });
  }
  if (near.length > 0) return warn(evidence, remedy, extra);
  return pass(`${rows.length} sequences, the fullest has used ${value} % of its range`, extra);
}

const remedy = "Change the column, and the sequence, to bigint before it ends: inserts fail from then on.";
