import { splitStatements, type PostgresClient } from "@org/postgres";
import type { TakenAlong } from "../rollback-status.ts";
import { namesIn, type MadeByFile } from "./made-objects.ts";

/**
 * What each text may take along of what repeatable files made, one list for each: that, or something that it is made of, has a name that a statement
 * with DROP says. Nothing is told twice.
 */
export async function foreseeLost(client: PostgresClient, made: readonly MadeByFile[], texts: readonly string[]): Promise<readonly (readonly TakenAlong[])[]> {
  if (made.every(({ objects }) => objects.length === 0)) return texts.map(() => []);
  const groundOf = await readGround(client, made);
  const told = new Set<string>();
  return texts.map((text) => {
    const drops = splitStatements(text).statements.filter((statement) => /\bdrop\b/iu.test(statement.text)).map((statement) => ({ says: namesIn(statement.text), ofSchema: statement.words.includes("SCHEMA") }));
    const all = made.flatMap(({ migration, objects }) => objects.map((object) => ({ ...object, file: migration.file })));
    const taken = all.filter((object) => drops.some(({ says, ofSchema }) => groundOf(object).some(({ name, isSchema }) => (ofSchema || !isSchema) && says(name))));
    return taken.map(({ file, label }) => ({ file, object: label })).filter(({ file, object }) => !told.has(`${object} ${file}`) && told.add(`${object} ${file}`));
  });
}

interface Ground {
  readonly name: string;
  readonly isSchema: boolean;
}

type ObjectKey = Pick<MadeByFile["objects"][number], "catalog" | "oid">;

/** Itself and everything that it is made of. */
async function readGround(client: PostgresClient, made: readonly MadeByFile[]): Promise<(object: ObjectKey) => readonly Ground[]> {
  const objects = made.flatMap((one) => one.objects);
  const { rows } = await client.query<Ground & ObjectKey>(groundQuery, [objects.map(({ catalog }) => catalog), objects.map(({ oid }) => oid)]);
  const ground = Map.groupBy(rows, key);
  return (object) => ground.get(key(object)) ?? [];
}

function key({ catalog, oid }: ObjectKey): string {
  return `${catalog} ${oid}`;
}

// A view is made of what its rule is made of. What the server brings has an oid below 16384.
const groundQuery = `
  WITH RECURSIVE ground AS (
    SELECT catalog, oid AS root, ('pg_catalog.' || catalog)::pg_catalog.regclass::pg_catalog.oid AS classid, oid AS objid FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS made (catalog, oid)
    UNION
    SELECT g.catalog, g.root, d.refclassid, d.refobjid FROM ground g JOIN pg_catalog.pg_depend d
      ON (d.classid = g.classid AND d.objid = g.objid)
      OR (g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid IN (SELECT r.oid FROM pg_catalog.pg_rewrite r WHERE r.ev_class = g.objid))
    WHERE d.refobjid >= 16384
  )
  SELECT g.catalog, g.root::text AS oid, named.name::text AS name, g.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AS "isSchema"
  FROM ground g JOIN (
    SELECT tableoid, oid, relname AS name FROM pg_catalog.pg_class UNION ALL SELECT tableoid, oid, proname FROM pg_catalog.pg_proc
    UNION ALL SELECT tableoid, oid, typname FROM pg_catalog.pg_type UNION ALL SELECT tableoid, oid, nspname FROM pg_catalog.pg_namespace
    UNION ALL SELECT tableoid, oid, extname FROM pg_catalog.pg_extension UNION ALL SELECT tableoid, oid, tgname FROM pg_catalog.pg_trigger
    UNION ALL SELECT tableoid, oid, polname FROM pg_catalog.pg_policy UNION ALL SELECT tableoid, oid, rulename FROM pg_catalog.pg_rewrite
  ) AS named ON named.tableoid = g.classid AND named.oid = g.objid`;
