// Needs Postgres, and the embedded one beside it: later versions have other catalogs.
import { createHash } from "node:crypto";
import { createScratchDatabase } from "@org/testkit";
import { describe, expect, test } from "vitest";
import { withClient, type PostgresClient, type PostgresField } from "../../index.ts";
import { readCatalogs } from "../read-snapshot.ts";
import { readAccess, type Access } from "./access.ts";
import { families } from "./families.ts";
import type { Family } from "./family.ts";
import { queryValues, snapshotSql } from "./snapshot-query.ts";

const scope = { stateSchema: "platform", clusterWide: true };

describe.each([
  { server: "this machine's Postgres", embedded: false },
  { server: "the embedded Postgres", embedded: true },
])("on $server", ({ embedded }) => {
  test("every column is a text, the privileges or a list in JSON", () =>
    inOddDatabase(embedded, async (client) => {
      const access = await readAccess(client);
      for (const family of families) {
        const others = (await fieldsOf(client, access, family)).filter(({ name, dataTypeID }) => dataTypeID !== typeOf(name) && !texts.has(dataTypeID));
        expect([family.kind, others]).toEqual([family.kind, []]);
      }
    }));

  // Whoever changes what is told raises the format of stored snapshots, and then this digest.
  test("the format 2 of stored snapshots tells these columns", () =>
    inOddDatabase(embedded, async (client) => {
      const access = await readAccess(client);
      const columns: string[] = [];
      for (const family of families) columns.push([family.kind, ...(await fieldsOf(client, access, family)).map(({ name }) => name)].join());
      expect(createHash("sha256").update(columns.sort().join("\n")).digest("hex").slice(0, 16)).toBe("997f0b1502242797");
    }));

  test("what comes as records is what the rows hold", () =>
    inOddDatabase(embedded, async (client) => {
      await client.query("SET search_path = pg_catalog");
      const access = await readAccess(client);
      const { parts } = await readCatalogs(client, scope);
      for (const family of families) {
        const { rows } = await client.query<{ row: Record<string, unknown> }>(`${snapshotSql([], access)} SELECT row_to_json(told) AS row FROM (${sqlOf(family, access)}) AS told`, queryValues(scope));
        const expected = rows.map(({ row }) => inOrder(row)).sort();
        expect([family.kind, parts.flatMap((part) => (part.kind === family.kind ? part.rows.map(inOrder) : [])).sort()]).toEqual([family.kind, expected]);
      }
    }));
});

/** The numbers of the types text and name. */
const texts: ReadonlySet<number> = new Set([25, 19]);

function typeOf(column: string): number | undefined {
  return { acl: 1034, "to roles": 114, unread: 114 }[column];
}

function sqlOf({ sql }: Family, access: Access): string {
  return typeof sql === "string" ? sql : sql(access);
}

async function fieldsOf(client: PostgresClient, access: Access, family: Family): Promise<readonly PostgresField[]> {
  return (await client.query(`${snapshotSql([], access)} SELECT * FROM (${sqlOf(family, access)}) AS told LIMIT 0`, queryValues(scope))).fields;
}

function inOrder(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(row).filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const oddObjects = String.raw`
  CREATE SCHEMA "odd ""one"", (a)\";
  CREATE TABLE "odd ""one"", (a)\"."t,1" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "ü 🐘" text DEFAULT E'a\\b\n"c"' CHECK ("ü 🐘" <> ''), twice bigint GENERATED ALWAYS AS (id * 2) STORED);
  COMMENT ON TABLE "odd ""one"", (a)\"."t,1" IS E'two\nlines, "quoted" \\ (and more)';
  COMMENT ON COLUMN "odd ""one"", (a)\"."t,1".id IS '\';
  CREATE INDEX ON "odd ""one"", (a)\"."t,1" (lower("ü 🐘"), id DESC) WHERE id > 0;
  GRANT SELECT ON "odd ""one"", (a)\"."t,1" TO PUBLIC;
  CREATE POLICY "p ""q""" ON "odd ""one"", (a)\"."t,1" USING ("ü 🐘" <> E'x\\y');
  CREATE FUNCTION f(text) RETURNS text LANGUAGE sql AS $$ SELECT '"' || $1 || '\' $$;
  CREATE VIEW v AS SELECT id, 'a "b"' AS b FROM "odd ""one"", (a)\"."t,1";
  CREATE TYPE mood AS ENUM ('so, so', 'it''s "fine"');
  CREATE DOMAIN d AS text CHECK (VALUE ~ '^\(a,b\)$')`;

async function inOddDatabase<T>(embedded: boolean, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const database = await createScratchDatabase({ embedded });
  try {
    return await withClient({ url: database.url, applicationName: "families-tests" }, async (client) => {
      await client.query(oddObjects);
      return work(client);
    });
  } finally {
    await database.drop();
  }
}
