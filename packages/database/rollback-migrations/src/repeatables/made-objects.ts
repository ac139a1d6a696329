import { splitStatements, type PostgresClient } from "@org/postgres";
import { readRepeatableHistory, repeatableStates, type HistoryTarget, type Migration } from "@org/run-migrations";

/** A view, function, trigger, policy, rule or type, which goes when what it is made of goes. */
export interface MadeObject {
  /** The system catalog that lists it. */
  readonly catalog: "pg_class" | "pg_proc" | "pg_trigger" | "pg_policy" | "pg_rewrite" | "pg_type";
  readonly oid: string;
  readonly name: string;
}

/** A repeatable file that is applied, with what it may have made of what is there now. */
export interface MadeByFile {
  readonly migration: Migration;
  /** Everything there is where the file runs what it puts together. */
  readonly objects: readonly MadeObject[];
  readonly composes: boolean;
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
      const [says, composes] = [namesIn(migration.sql), composesSql(migration.sql)];
      const mayMake = ({ catalog, name }: MadeObject): boolean => says(name) && (kindWords[catalog]?.test(migration.sql) ?? true);
      return { migration, composes, objects: composes ? objects : objects.filter(mayMake) };
    });
}

/** Without the word for its kind, the name in a text is that of something which the file only uses. A view is granted without it. */
const kindWords: Partial<Readonly<Record<MadeObject["catalog"], RegExp>>> = {
  pg_proc: /\b(?:function|procedure|routine|aggregate)\b/iu,
  pg_trigger: /\btrigger\b/iu,
  pg_policy: /\bpolicy\b/iu,
  pg_rewrite: /\brule\b/iu,
  pg_type: /\b(?:type|domain)\b/iu,
};

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
    SELECT c.tableoid, c.oid, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${isOwn}
    UNION ALL SELECT p.tableoid, p.oid, p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${isOwn}
    UNION ALL SELECT t.tableoid, t.oid, t.tgname FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL SELECT p.tableoid, p.oid, p.polname FROM pg_catalog.pg_policy p
    UNION ALL SELECT r.tableoid, r.oid, r.rulename FROM pg_catalog.pg_rewrite r WHERE r.oid >= 16384 AND r.rulename <> '_RETURN'
    UNION ALL SELECT t.tableoid, t.oid, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid WHERE (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c') AND ${isOwn}
  )
  SELECT k.relname::text AS catalog, made.oid::text AS oid, made.name::text AS name
  FROM made JOIN pg_catalog.pg_class k ON k.oid = made.tableoid
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = made.tableoid AND d.objid = made.oid AND d.deptype = 'e')
  ORDER BY made.name, made.oid`;
