// Needs Postgres.
import { createScratchDatabase, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withClient, type PostgresClient } from "../index.ts";
import { readCatalogs, readRaw, toReading, type RawReading } from "./read-snapshot.ts";
import { parseReading, storeRawReading, storeReading } from "./stored-reading.ts";

// What is cluster-wide may be changed by others meanwhile.
const scope = { stateSchema: "platform" };
let database: ScratchDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
  await connected((client) =>
    client.query(`
      CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "of, it" text DEFAULT 'x"y'); CREATE INDEX ON a ("of, it"); CREATE VIEW v AS SELECT * FROM a;
      CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN d AS text CHECK (VALUE <> ''); ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (true)`),
  );
});
afterAll(() => database.drop());

function connected<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withClient({ url: database.url, applicationName: "test" }, work);
}

function names(reading: RawReading, wanted: string): readonly string[] {
  return toReading(reading).parts.flatMap(({ kind, rows }) => (kind === wanted ? rows.map(({ name }) => name) : [])).sort();
}

/** A session that does something else before it reads what falls to it. */
function interrupted(client: PostgresClient, before: () => Promise<unknown>): PostgresClient {
  return {
    async query(text, values) {
      if (text.includes("string_agg(record")) await before();
      return client.query(text, values);
    },
  };
}

describe("two sessions", () => {
  test("tell together what one tells, and both do a part of it", () =>
    connected((client) =>
      connected(async (beside) => {
        const shares: string[][] = [];
        const counted = (session: PostgresClient): PostgresClient => {
          const share: string[] = [];
          shares.push(share);
          return { query: (text, values) => (share.push(...[...text.matchAll(/SELECT '([a-z ]+)' AS kind, max/gu)].map(([, kind]) => kind!)), session.query(text, values)) };
        };
        const reading = toReading(await readRaw({ client: counted(client), beside: counted(beside) }, scope));
        expect(storeReading(reading)).toBe(storeReading(await readCatalogs(client, scope)));
        expect(shares.map((share) => share.length > 2)).toEqual([true, true]);
        expect(new Set(shares.flat()).size).toBe(shares.flat().length);
      }),
    ));

  test("see the database at one moment", () =>
    connected((client) =>
      connected(async (beside) => {
        const late = interrupted(beside, () => connected((other) => other.query("CREATE TABLE late (id int PRIMARY KEY)")));
        const reading = await readRaw({ client: interrupted(client, () => Promise.resolve()), beside: late }, scope);
        expect([names(reading, "table"), names(reading, "constraint")]).toEqual([["public.a"], ["public.a.a_pkey", "public.d.d_check"]]);
        expect(names(await readRaw({ client }, scope), "table")).toEqual(["public.a", "public.late"]);
        await client.query("DROP TABLE late");
      }),
    ));

  test("leave what this role may not read unread, and hide nothing else", () =>
    connected((client) =>
      connected(async (beside) => {
        await client.query("CREATE ROLE half_blind; REVOKE SELECT ON pg_policy FROM PUBLIC");
        try {
          for (const session of [client, beside]) await session.query("SET ROLE half_blind");
          const reading = await readRaw({ client, beside }, scope);
          expect(reading.unread).toEqual([expect.objectContaining({ kind: "policy", object: null })]);
          expect(names(reading, "table")).toEqual(["public.a"]);
        } finally {
          await client.query("RESET ROLE; GRANT SELECT ON pg_policy TO PUBLIC; DROP ROLE half_blind");
        }
      }),
    ));

  test("when one of them is lost, its error is told", () =>
    connected((client) =>
      connected(async (beside) => {
        const lost = interrupted(beside, () => Promise.reject(new Error("it is gone")));
        await expect(readRaw({ client, beside: lost }, scope)).rejects.toThrow("it is gone");
        expect(names(await readRaw({ client, beside }, scope), "table")).toEqual(["public.a"]);
      }),
    ));
});

describe("a reading that is kept as the server told it", () => {
  test("is read again like one that was taken apart", () =>
    connected(async (client) => {
      const reading = await readRaw({ client }, { ...scope, clusterWide: true });
      expect(storeReading(parseReading(storeRawReading(reading), "it"))).toBe(storeReading(toReading(reading)));
    }));

  test.each([
    ["an unknown kind", { kind: "spaceship", columns: ["name"], records: "(x)" }],
    ["no name", { kind: "table", columns: ["form"], records: "(x)" }],
    ["a text that is cut off", { kind: "table", columns: ["name"], records: "(x" }],
    ["rows without name", { kind: "server", rows: [{}] }],
    ["nothing", null],
  ])("is refused as damaged with %s", (_, part) => {
    const text = storeRawReading({ serverVersion: 150_018, clusterWide: true, unread: [], parts: [part as never] });
    expect(() => parseReading(text, "the snapshot")).toThrow(expect.objectContaining({ code: "configuration", message: expect.stringContaining("it is damaged") as string }) as Error);
  });
});
