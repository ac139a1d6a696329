import { splitStatements, type PostgresClient } from "@org/postgres";
import type { TakenAlong } from "../rollback-status.ts";
import { namesIn, type MadeByFile, type MadeObject } from "./made-objects.ts";

/**
 * What each text may take along of what repeatable files made, one list for each: that, or something that it is made of, has a name that a statement
 * with DROP says. Nothing is told twice.
 */
export async function foreseeLost(client: PostgresClient, made: readonly MadeByFile[], texts: readonly string[]): Promise<readonly (readonly TakenAlong[])[]> {
  const known = await readKnown(client, made);
  const told = new Set<string>();
  return texts.map((text) => {
    const drops = dropsOf(text);
    const taken = drops.length === 0 ? [] : made.flatMap((one) => takenOf(one, known, drops));
    return taken.filter(({ file, object }) => !told.has(`${object} ${file}`) && told.add(`${object} ${file}`));
  });
}

interface Drop {
  readonly says: (name: string) => boolean;
  readonly ofSchema: boolean;
}

function dropsOf(text: string): readonly Drop[] {
  const drops = splitStatements(text).statements.filter((statement) => /\bdrop\b/iu.test(statement.text));
  return drops.map((statement) => ({ says: namesIn(statement.text), ofSchema: statement.words.includes("SCHEMA") }));
}

function takenOf({ migration: { file }, objects, composes }: MadeByFile, known: Known, drops: readonly Drop[]): readonly TakenAlong[] {
  if (composes) return [{ file, object: "what it puts together" }];
  const isTaken = (object: MadeObject): boolean =>
    drops.some(({ says, ofSchema }) => known(object).ground.some(({ name, isSchema }) => (ofSchema || !isSchema) && says(name)));
  return objects.filter(isTaken).map((object) => ({ file, object: known(object).label }));
}

interface Ground {
  readonly name: string;
  readonly isSchema: boolean;
}

/** How the server calls an object, and the names of itself and of everything that it is made of. */
type Known = (object: ObjectKey) => { readonly label: string; readonly ground: readonly Ground[] };

type ObjectKey = Pick<MadeObject, "catalog" | "oid">;

async function readKnown(client: PostgresClient, made: readonly MadeByFile[]): Promise<Known> {
  const objects = made.flatMap((one) => (one.composes ? [] : one.objects));
  if (objects.length === 0) return () => ({ label: "", ground: [] });
  const { rows } = await client.query<Ground & ObjectKey & { label: string }>(groundQuery, [objects.map(({ catalog }) => catalog), objects.map(({ oid }) => oid)]);
  const byObject = Map.groupBy(rows, key);
  return (object) => {
    const ground = byObject.get(key(object)) ?? [];
    return { label: ground[0]?.label ?? "", ground };
  };
}

function key({ catalog, oid }: ObjectKey): string {
  return `${catalog} ${oid}`;
}

// A view is made of what its rule is made of. What the server brings has an oid below 16384.
const groundQuery = `
  WITH RECURSIVE needed AS (
    SELECT classid, objid, refclassid, refobjid FROM pg_catalog.pg_depend WHERE refobjid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, d.refclassid, d.refobjid
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = r.tableoid AND d.objid = r.oid WHERE d.refobjid >= 16384
  ), roots AS (
    SELECT catalog, ('pg_catalog.' || catalog)::pg_catalog.regclass::pg_catalog.oid AS classid, oid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS made (catalog, oid)
  ), ground AS (
    SELECT classid AS root_class, oid AS root, classid, oid AS objid FROM roots
    UNION
    SELECT g.root_class, g.root, n.refclassid, n.refobjid FROM ground g JOIN needed n ON n.classid = g.classid AND n.objid = g.objid
  ), named AS (
    SELECT tableoid, oid, relname AS name FROM pg_catalog.pg_class UNION ALL SELECT tableoid, oid, proname FROM pg_catalog.pg_proc
    UNION ALL SELECT tableoid, oid, typname FROM pg_catalog.pg_type UNION ALL SELECT tableoid, oid, nspname FROM pg_catalog.pg_namespace
    UNION ALL SELECT tableoid, oid, extname FROM pg_catalog.pg_extension UNION ALL SELECT tableoid, oid, tgname FROM pg_catalog.pg_trigger
    UNION ALL SELECT tableoid, oid, polname FROM pg_catalog.pg_policy UNION ALL SELECT tableoid, oid, rulename FROM pg_catalog.pg_rewrite
  )
  SELECT roots.catalog, roots.oid::text AS oid, pg_catalog.pg_describe_object(roots.classid, roots.oid, 0) AS label, named.name::text AS name,
    ground.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AS "isSchema"
  FROM ground JOIN roots ON roots.classid = ground.root_class AND roots.oid = ground.root JOIN named ON named.tableoid = ground.classid AND named.oid = ground.objid
  ORDER BY label`;
