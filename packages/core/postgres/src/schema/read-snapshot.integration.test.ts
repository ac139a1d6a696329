// Needs Postgres.
import { createScratchDatabase, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withClient, type PostgresClient } from "../index.ts";
import { planReading, readRaw, toReading, type RawReading } from "./read-snapshot.ts";
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

test("what is made while it reads is not told", () =>
  connected(async (client) => {
    const slow: PostgresClient = {
      async query(text, values) {
        if (text.includes("string_agg(record")) await connected((other) => other.query("CREATE TABLE late (id int PRIMARY KEY)"));
        return client.query(text, values);
      },
    };
    const reading = await readRaw(slow, scope);
    expect([names(reading, "table"), names(reading, "constraint")]).toEqual([["public.a"], ["public.a.a_pkey", "public.d.d_check"]]);
    expect(names(await readRaw(client, scope), "table")).toEqual(["public.a", "public.late"]);
    await client.query("DROP TABLE late");
  }));

test("what this role may not read is unread, and hides nothing else", () =>
  connected(async (client) => {
    await client.query("CREATE ROLE half_blind; REVOKE SELECT ON pg_policy FROM PUBLIC");
    try {
      await client.query("SET ROLE half_blind");
      const reading = await readRaw(client, scope);
      expect(reading.unread).toEqual([expect.objectContaining({ kind: "policy", object: null })]);
      expect(names(reading, "table")).toEqual(["public.a"]);
    } finally {
      await client.query("RESET ROLE; GRANT SELECT ON pg_policy TO PUBLIC; DROP ROLE half_blind");
    }
  }));

test("all is asked for when it says so, within the bounds that it was given", () =>
  connected(async (client) => {
    let asked = 0;
    const reading = await readRaw(client, scope, { bounds: "SET LOCAL statement_timeout = '7s'", onAsked: () => (asked += 1) });
    expect([asked, names(reading, "table")]).toEqual([1, ["public.a"]]);
    await expect(readRaw(client, scope, { bounds: "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)" })).rejects.toMatchObject({ code: "57014" });
  }));

describe("what the session planned before", () => {
  const withScratch = async (work: (client: PostgresClient) => Promise<void>, pipeline = false): Promise<void> => {
    const own = await createScratchDatabase();
    try {
      await withClient({ url: own.url, applicationName: "test", pipeline }, work);
    } finally {
      await own.drop();
    }
  };
  /** Notes what is asked; kinds are read by a statement of their own where they were not planned. */
  const noting = (client: PostgresClient, asked: string[]): PostgresClient => ({
    pipeline: client.pipeline === true,
    query: (text, values) => {
      asked.push(text);
      return client.query(text, values);
    },
  });
  const isReading = (text: string): boolean => text.includes("string_agg(record") && !text.startsWith("PREPARE");
  const whole = { ...scope, clusterWide: true };

  test.each([true, false])("tells the same, of every schema and of some, and nothing is planned again (statements are sent at once: %s)", (pipeline) =>
    withScratch(async (client) => {
      await client.query("CREATE TABLE before (id int PRIMARY KEY)");
      const asked: string[] = [];
      const planned = await planReading(client, whole, { bounds: "SET LOCAL lock_timeout = '1s'" });
      await client.query("CREATE TABLE after (id bigint GENERATED ALWAYS AS IDENTITY, name text); CREATE INDEX ON after (name); CREATE SCHEMA other; CREATE TABLE other.away ()");
      for (const include of [undefined, ["other"], []]) {
        const reading = await readRaw(noting(client, asked), { ...whole, include }, { planned });
        expect(storeRawReading(reading)).toBe(storeRawReading(await readRaw(client, { ...whole, include })));
        expect(names(reading, "table")).toEqual(include === undefined ? ["other.away", "public.after", "public.before"] : include.map(() => "other.away"));
      }
      expect(asked.filter(isReading)).toEqual([]);
      expect(asked.filter((text) => text.startsWith("EXECUTE snapshot"))).toHaveLength(3);
    }, pipeline));

  test("is added to, where kinds came into the database since then", () =>
    withScratch(async (client) => {
      const planned = await planReading(client, whole);
      await client.query("CREATE TYPE mood AS ENUM ('ok'); CREATE VIEW v AS SELECT 1 AS one; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
      const asked: string[] = [];
      const reading = await readRaw(noting(client, asked), whole, { planned });
      expect([names(reading, "type"), names(reading, "view"), names(reading, "function")]).toEqual([["public.mood"], ["public.v"], ["public.f()"]]);
      expect(storeReading(toReading(reading))).toBe(storeReading(toReading(await readRaw(client, whole))));
      expect(asked.filter(isReading)).toHaveLength(1);
    }));

  test("is left aside where the session may see other things now", () =>
    withScratch(async (client) => {
      const planned = await planReading(client, whole);
      await client.query("CREATE TABLE a (id int)");
      const asked: string[] = [];
      const reading = await readRaw(noting(client, asked), whole, { planned: { ...planned, access: { ...planned.access, userMappings: !planned.access.userMappings } } });
      expect(names(reading, "table")).toEqual(["public.a"]);
      expect(asked.filter((text) => text.startsWith("EXECUTE"))).toEqual([]);
    }));

  test("hides nothing where a right is missing by then", () =>
    withScratch(async (client) => {
      await client.query("CREATE TABLE a (id int); ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (true); CREATE ROLE blind_later");
      try {
        await client.query("SET ROLE blind_later");
        const planned = await planReading(client, scope);
        await client.query("RESET ROLE; REVOKE SELECT ON pg_policy FROM PUBLIC; SET ROLE blind_later");
        const reading = await readRaw(client, scope, { planned });
        expect(reading.unread).toEqual([expect.objectContaining({ kind: "policy", object: null })]);
        expect(names(reading, "table")).toEqual(["public.a"]);
      } finally {
        await client.query("RESET ROLE; GRANT SELECT ON pg_policy TO PUBLIC; DROP ROLE blind_later");
      }
    }));
});

describe("a reading that is kept as the server told it", () => {
  test("is read again like one that was taken apart", () =>
    connected(async (client) => {
      const reading = await readRaw(client, { ...scope, clusterWide: true });
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
