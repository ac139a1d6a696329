import { quoteIdentifier, readRefusal, type PostgresClient } from "@org/postgres";
import { fail, pass, unknown, type Finding } from "@org/script";
import { occurrencesOf, type Told } from "./occurrences.ts";
import { looksAt } from "./scope.ts";

/** A routine or a view, and the statement by which the server examines it without running it. */
interface Part {
  readonly object: string;
  readonly schema: string;
  readonly statement: string;
  /** Whether the role sees the schema: in one that it does not see, no name without schema is found. */
  readonly visible: boolean;
}

/** The validators are what CREATE FUNCTION calls: they read the body and change nothing. */
const routines = `
  SELECT p.oid::regprocedure::text AS object, n.nspname AS schema, has_schema_privilege(n.oid, 'USAGE') AS visible,
    CASE l.lanname WHEN 'sql' THEN 'SELECT pg_catalog.fmgr_sql_validator(' ELSE 'SELECT pg_catalog.plpgsql_validator(' END || p.oid || ')' AS statement
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE ${looksAt} AND l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p')
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
  ORDER BY 1`;

const views = `
  SELECT c.oid::regclass::text AS object, n.nspname AS schema, has_schema_privilege(n.oid, 'USAGE') AS visible, 'EXPLAIN SELECT * FROM ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS statement
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${looksAt} AND c.relkind = 'v'
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  ORDER BY 1`;

/** The deep check of PL/pgSQL, where its extension is there: of a trigger function with each table that it serves. */
const deepParts = `
  SELECT p.oid::regprocedure::text AS object, n.nspname AS schema, has_schema_privilege(n.oid, 'USAGE') AS visible,
    format('SELECT message FROM %s(%s, %s) WHERE level = ''error'' LIMIT 1', checker.name, p.oid, coalesce(tg.tgrelid, 0)) AS statement
  FROM (SELECT ext.nspname, quote_ident(ext.nspname) || '.plpgsql_check_function_tb' AS name FROM pg_proc f JOIN pg_namespace ext ON ext.oid = f.pronamespace
    WHERE f.proname = 'plpgsql_check_function_tb' LIMIT 1) AS checker,
    pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    LEFT JOIN (SELECT DISTINCT tgfoid, tgrelid FROM pg_trigger WHERE NOT tgisinternal) AS tg ON tg.tgfoid = p.oid
  WHERE ${looksAt} AND l.lanname = 'plpgsql' AND (p.prorettype <> 'trigger'::regtype OR tg.tgrelid IS NOT NULL) AND p.prorettype <> 'event_trigger'::regtype
  ORDER BY 1`;

/** Functions, procedures and views that the server would refuse today. */
export async function judgeCompiling(client: PostgresClient, values: readonly unknown[]): Promise<Finding> {
  const parts = [...(await client.query<Part>(routines, values)).rows, ...(await client.query<Part>(views, values)).rows];
  const deep = (await client.query<Part>(deepParts, values)).rows;
  const answers: Answer[] = [];
  for (const part of [...parts, ...deep]) answers.push(await examine(client, part));
  const broken = [...new Map(answers.flatMap(({ refused }) => (refused === undefined ? [] : [[refused.message, refused] as const]))).values()];
  const hidden = answers.flatMap(({ hidden: object }) => object ?? []);
  const extra = { value: broken.length, unit: "count" };
  if (broken.length > 0) {
    const remedy = "Correct the body, or drop what nobody calls any more: the next call fails.";
    const occurrences = occurrencesOf(broken, { rule: "consistency.compiles", level: "error", remedy });
    return fail(broken.map(({ message }) => message).join("; "), remedy, { ...extra, occurrences });
  }
  if (hidden.length > 0) return unknown(`not to be examined by this role: ${hidden.join(", ")}`, "Give the role EXECUTE on the functions and SELECT on the views and what they read.", { code: "permission" });
  return pass(`${parts.length} functions and views compile${deep.length === 0 ? "; names inside PL/pgSQL are looked up only with the extension plpgsql_check" : ", PL/pgSQL with plpgsql_check"}`, extra);
}

interface Answer {
  readonly refused?: Told;
  readonly hidden?: string;
}

/** Names without schema may mean another one than for this session: refused is only what the routine's own schema does not make good either. */
async function examine(client: PostgresClient, part: Part): Promise<Answer> {
  if (!part.visible) return { hidden: part.object };
  const first = await ask(client, part);
  if (first.refused === undefined) return first;
  const { rows } = await client.query<{ path: string }>("SELECT current_setting('search_path') AS path");
  await client.query(`SET search_path = ${quoteIdentifier(part.schema)}, ${rows[0]!.path === "" ? '""' : rows[0]!.path}`);
  try {
    return await ask(client, part);
  } finally {
    await client.query(`SELECT set_config('search_path', $1, false)`, [rows[0]!.path]);
  }
}

async function ask(client: PostgresClient, { object, statement }: Part): Promise<Answer> {
  try {
    const { rows } = await client.query<{ message?: string }>(statement);
    return rows[0]?.message === undefined ? {} : { refused: { object, message: `${object}: ${rows[0].message}` } };
  } catch (error) {
    const refusal = readRefusal(error);
    if (refusal === undefined || refusal.code === "connection" || refusal.code === "timedOut") throw error;
    return refusal.code === "permission" ? { hidden: object } : { refused: { object, message: `${object}: ${refusal.message}` } };
  }
}
