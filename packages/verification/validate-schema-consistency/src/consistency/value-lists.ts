import type { PostgresClient } from "@org/postgres";
import { fail, pass, warn, type Finding } from "@org/script";
import { occurrencesOf, type Telling, type Told } from "./occurrences.ts";
import { looksAt } from "./scope.ts";

/** The values that a column may have, as an enumeration or a check lists them. */
interface ValueList {
  readonly object: string;
  readonly column: string;
  /** "enum app.state", or "check" with the constraint's name. */
  readonly by: string;
  readonly isEnum: boolean;
  readonly values: readonly string[];
  /** The default, where it is one text. */
  readonly default: string | null;
}

/** Lists as CHECK (x = ANY (ARRAY['a'::text, ...])) and enumerations; the default without its quotes and its cast. */
const valueLists = `
  WITH col AS (
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(a.attname) AS object,
      replace(substring(pg_get_expr(d.adbin, d.adrelid) FROM '^''((?:[^'']|'''')*)''::[a-z ".]+$'), '''''', '''') AS "default"
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''
    WHERE ${looksAt} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  )
  SELECT object, attname AS column, 'enum ' || format_type(atttypid, NULL) AS by, true AS "isEnum", "default",
    array(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = atttypid ORDER BY enumsortorder) AS values
  FROM col WHERE EXISTS (SELECT FROM pg_enum WHERE enumtypid = atttypid)
  UNION ALL
  SELECT object, attname, 'check ' || quote_ident(con.conname), false, "default",
    array(SELECT replace(found[1], '''''', '''') FROM regexp_matches(pg_get_expr(con.conbin, con.conrelid), '''((?:[^'']|'''')*)''::', 'g') AS found)
  FROM col JOIN pg_constraint con ON con.conrelid = col.attrelid AND con.contype = 'c' AND con.conkey = ARRAY[col.attnum]
  WHERE pg_get_expr(con.conbin, con.conrelid) ~ '^\\(?\\(*"?[^()]+"?\\)?(::text)?\\)? = ANY \\(\\(?ARRAY\\[[^]]*\\]\\)?(::text\\[\\])?\\)\\)?$'
  ORDER BY 1, 3`;

/** Defaults that the check refuses, and columns of one name whose lists nearly agree: one of them was forgotten. */
export async function judgeValueLists(client: PostgresClient, values: readonly unknown[]): Promise<Finding> {
  const { rows } = await client.query<ValueList>(valueLists, values);
  const refused = rows.filter((list) => !list.isEnum && list.default !== null && !list.values.includes(list.default)).map(refusedDefault);
  if (refused.length > 0) return fail(...tell(refused, { rule, level: "error", remedy: "Correct the default or the check: an insert that leaves the column out fails." }));
  const apart = pairs(rows).filter(([one, other]) => nearlyAgree(one, other)).map(mismatch);
  if (apart.length === 0) return pass(`${rows.length} columns with a list of values, none of them in conflict`);
  return warn(...tell(apart, { rule, level: "warning", remedy: "Bring the lists into line, best by one enumeration for both." }));
}

const rule = "consistency.value-lists";

function tell(told: readonly Told[], telling: Telling): [evidence: string, remedy: string, extra: Pick<Finding, "value" | "unit" | "occurrences">] {
  return [told.map(({ message }) => message).join("; "), telling.remedy, { value: told.length, unit: "count", occurrences: occurrencesOf(told, telling) }];
}

function refusedDefault({ object, by, default: value }: ValueList): Told {
  return { object, message: `${object} defaults to '${value}', which ${by} refuses` };
}

/** Columns of the same name, where not both have the same type. */
function pairs(lists: readonly ValueList[]): (readonly [ValueList, ValueList])[] {
  const byColumn = Map.groupBy(lists, ({ column }) => column);
  return [...byColumn.values()].flatMap((same) => same.flatMap((one, at) => same.slice(at + 1).map((other) => [one, other] as const)));
}

/** Two values in common, and more than half of the shorter list: by chance that is not. */
function nearlyAgree(one: ValueList, other: ValueList): boolean {
  if (one.object === other.object || one.by === other.by) return false;
  const common = one.values.filter((value) => other.values.includes(value)).length;
  const isSame = common === one.values.length && common === other.values.length;
  return !isSame && common >= 2 && common * 2 > Math.min(one.values.length, other.values.length);
}

function mismatch([one, other]: readonly [ValueList, ValueList]): Told {
  const only = (a: ValueList, b: ValueList): string[] => a.values.filter((value) => !b.values.includes(value)).map((value) => `'${value}' only in ${a.object}`);
  return { object: one.object, message: `${one.object} (${one.by}) and ${other.object} (${other.by}): ${[...only(one, other), ...only(other, one)].join(", ")}` };
}
