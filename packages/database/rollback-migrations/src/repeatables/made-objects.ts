import { splitStatements, type PostgresClient } from "@org/postgres";
import { readRepeatableHistory, repeatableStates, type HistoryTarget, type Migration } from "@org/run-migrations";

/** A view, function, trigger, policy, rule or type, which goes when what it is made of goes. */
export interface MadeObject {
  /** The system catalog that lists it. */
  readonly catalog: "pg_class" | "pg_proc" | "pg_trigger" | "pg_policy" | "pg_rewrite" | "pg_type";
  readonly oid: string;
  readonly name: string;
  /** As the server calls it: "view v". */
  readonly label: string;
}

/** A repeatable file that is applied, with what it may have made of what is there now. */
export interface MadeByFile {
  readonly migration: Migration;
  readonly objects: readonly MadeObject[];
}

/** What the applied ones among the repeatable files may have made: a file that makes something says its name, unless it runs what it puts together. */
export async function readMade(client: PostgresClient, repeatables: readonly Migration[], history: HistoryTarget): Promise<readonly MadeByFile[]> {
  if (repeatables.length === 0) return [];
  const states = repeatableStates(repeatables, await readRepeatableHistory(client, history));
  const applied = new Set(states.flatMap(({ appliedAt, version }) => (appliedAt === null ? [] : [version])));
  const { rows: objects } = await client.query<MadeObject>(makeable);
  return repeatables
    .filter(({ version }) => applied.has(version))
    .map((migration) => {
      const says = namesIn(migration.sql);
      return { migration, objects: composesSql(migration.sql) ? objects : objects.filter(({ name }) => says(name)) };
    });
}

/** Whether a name is a word of the text, or a part of it where a word cannot hold it. */
export function namesIn(sql: string): (name: string) => boolean {
  const text = sql.toLowerCase();
  const words = new Set(text.match(wordPattern));
  return (name) => {
    const lower = name.toLowerCase();
    return words.has(lower) || (!isWord.test(lower) && text.includes(lower.replaceAll('"', '""')));
  };
}

const wordPattern = /[\p{L}_][\p{L}\p{N}_$]*/gu;
const isWord = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

function composesSql(sql: string): boolean {
  return splitStatements(sql).statements.some(({ text }) => /\bexecute\b(?!\s+(?:function|procedure)\b)/iu.test(text));
}

const isOwn = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

const makeable = `
  WITH made AS (
    SELECT 'pg_class' AS catalog, c.oid, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${isOwn}
    UNION ALL SELECT 'pg_proc', p.oid, p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${isOwn}
    UNION ALL SELECT 'pg_trigger', t.oid, t.tgname FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL SELECT 'pg_policy', p.oid, p.polname FROM pg_catalog.pg_policy p
    UNION ALL SELECT 'pg_rewrite', r.oid, r.rulename FROM pg_catalog.pg_rewrite r WHERE r.oid >= 16384 AND r.rulename <> '_RETURN'
    UNION ALL SELECT 'pg_type', t.oid, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid WHERE (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c') AND ${isOwn}
  )
  SELECT catalog, oid::text AS oid, name::text AS name, pg_catalog.pg_describe_object(('pg_catalog.' || catalog)::pg_catalog.regclass, oid, 0) AS label
  FROM made WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ('pg_catalog.' || catalog)::pg_catalog.regclass AND d.objid = made.oid AND d.deptype = 'e')
  ORDER BY label`;
