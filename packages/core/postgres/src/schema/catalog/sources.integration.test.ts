// Needs Postgres, and the embedded one beside it: later versions have other catalogs. Servers of its own: others' settings and roles would be present too.
import { startPrivatePostgres, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withClient, type PostgresClient } from "../../index.ts";
import type { Kind } from "../model.ts";
import { readInTransaction } from "../read-snapshot.ts";
import { readAccess } from "./access.ts";
import { families } from "./families.ts";
import { presentKindsSql, queryValues, snapshotSql } from "./snapshot-query.ts";

const scope = { stateSchema: "platform", clusterWide: true };

/** For each kind that has a source, every form that the source might miss, each with statements that make one object of the kind. */
const forms: Readonly<Partial<Record<Kind, Readonly<Record<string, string>>>>> = {
  view: {
    "a view": "CREATE VIEW v AS SELECT 1 AS a",
    "a materialized view": "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a",
  },
  rule: {
    "of a table": "CREATE TABLE t (a int); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
  },
  function: {
    "a function": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a procedure": "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'",
    "an aggregate": "CREATE AGGREGATE f (int) (SFUNC = int4pl, STYPE = int)",
    "a window function": "CREATE FUNCTION f() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number'",
  },
  trigger: {
    "of a table": "CREATE TABLE t (a int); CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "of a view": "CREATE VIEW v AS SELECT 1 AS a; CREATE TRIGGER g INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "a constraint trigger": "CREATE TABLE t (a int); CREATE CONSTRAINT TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    // The catalog is changed to what versions before 15 keep, and the parent's trigger, which would be enough, is taken away.
    "what a partition has of its parent's, marked as internal": `
      CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;
      CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
      SET LOCAL allow_system_table_mods = on; DELETE FROM pg_trigger WHERE tgparentid = 0; UPDATE pg_trigger SET tgisinternal = true`,
  },
  "event trigger": {
    "at the end of a command": `
      CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()`,
  },
  policy: {
    "of a table": "CREATE TABLE t (a int); CREATE POLICY p ON t USING (true)",
  },
  type: {
    "an enumeration": "CREATE TYPE t AS ENUM ('a')",
    "an enumeration without labels": "CREATE TYPE t AS ENUM ()",
    "a composite type": "CREATE TYPE t AS (a int)",
    "a composite type without attributes": "CREATE TYPE t AS ()",
    "a range": "CREATE TYPE t AS RANGE (SUBTYPE = int)",
    "a base type": `
      CREATE TYPE t;
      CREATE FUNCTION i(cstring) RETURNS t LANGUAGE internal IMMUTABLE STRICT AS 'int4in'; CREATE FUNCTION o(t) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
      CREATE TYPE t (INPUT = i, OUTPUT = o, LIKE = int)`,
    "a base type of elements": `
      CREATE TYPE t;
      CREATE FUNCTION i(cstring) RETURNS t LANGUAGE internal IMMUTABLE STRICT AS 'point_in'; CREATE FUNCTION o(t) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
      CREATE TYPE t (INPUT = i, OUTPUT = o, LIKE = point, ELEMENT = float8)`,
  },
  domain: {
    "over a type": "CREATE DOMAIN d AS text",
    "over a built-in array": "CREATE DOMAIN d AS int[]",
  },
  collation: {
    "of the C library": "CREATE COLLATION c (LOCALE = 'C')",
  },
  operator: {
    "of two operands": "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "of one operand": "CREATE OPERATOR !== (RIGHTARG = int, FUNCTION = int4um)",
  },
  "operator class": {
    "in a family of its own": "CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)",
    "in a built-in family": "CREATE OPERATOR CLASS c FOR TYPE int USING btree FAMILY integer_ops AS STORAGE int",
  },
  "operator family": {
    "without a class": "CREATE OPERATOR FAMILY f USING btree",
    "made with its class": "CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)",
  },
  cast: {
    "by a function": "CREATE CAST (int AS text) WITH FUNCTION chr(int)",
    "by input and output": "CREATE CAST (int AS point) WITH INOUT",
    "of the same bits": "CREATE CAST (float4 AS date) WITHOUT FUNCTION",
  },
  conversion: {
    "of two encodings": "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
  },
  language: {
    "of a built-in handler": "CREATE LANGUAGE l HANDLER plpgsql_call_handler",
  },
  transform: {
    "of one direction": "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
  },
  "access method": {
    "of tables": "CREATE ACCESS METHOD m TYPE TABLE HANDLER heap_tableam_handler",
    "of indexes": "CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler",
  },
  "text search configuration": {
    "a copy": "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)",
  },
  "text search dictionary": {
    "of a built-in template": "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
  },
  "text search parser": {
    "of built-in functions": "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
  },
  "text search template": {
    "of built-in functions": "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)",
  },
  statistics: {
    "of columns": "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t",
    "of an expression": "CREATE TABLE t (a int); CREATE STATISTICS s ON (a + 1) FROM t",
  },
  // Which extensions a server has is its packager's choice.
  extension: {
    "without members": `
      SET LOCAL allow_system_table_mods = on;
      INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) VALUES (99999, 'made', 10, 2200, true, '1')`,
  },
  publication: {
    "of nothing": "CREATE PUBLICATION p",
    "of all tables": "CREATE PUBLICATION p FOR ALL TABLES",
  },
  "foreign data wrapper": {
    "without handler": "CREATE FOREIGN DATA WRAPPER w",
  },
  "foreign server": {
    "of a wrapper": "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w",
  },
  "user mapping": {
    "of a role": "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR CURRENT_USER SERVER s",
    "of everyone": "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s",
  },
  "default privileges": {
    "of all schemas": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "in a schema": "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC",
  },
  setting: {
    "of the database": "ALTER DATABASE postgres SET work_mem = '1MB'",
    "of a role in the database": "ALTER ROLE CURRENT_USER IN DATABASE postgres SET work_mem = '1MB'",
  },
  "role setting": {
    "of a role": "ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
  },
  "cron job": {
    "of this database": `
      CREATE SCHEMA cron; CREATE TABLE cron.job (jobname name, schedule text, command text, database text, username text, active bool);
      INSERT INTO cron.job VALUES ('j', '* * * * *', 'SELECT 1', current_database(), current_user, true)`,
  },
  subscription: {
    "that never connected": "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false, create_slot = false)",
  },
};

const everyForm = Object.entries(forms).flatMap(([kind, ofKind]) => Object.entries(ofKind).map(([form, sql]) => ({ kind, form, sql })));

describe.each([
  { server: "this machine's Postgres", embedded: false },
  { server: "the embedded Postgres", embedded: true },
])("on $server", ({ embedded }) => {
  let server: PrivatePostgres;

  beforeAll(async () => {
    server = await startPrivatePostgres({ embedded });
  });

  afterAll(() => server.stop());

  const connected = <T>(work: (client: PostgresClient) => Promise<T>): Promise<T> => withClient({ url: server.url, applicationName: "sources-tests" }, work);

  // Keys make triggers of the server's own, and a table makes a type of its rows and one of their arrays.
  test("in an empty database, and in one of tables alone, only the kinds without a source are present", () =>
    connected(async (client) => {
      const always = ["schema", "table", "column", "constraint", "index", "sequence", "database", "role", "membership", "parameter"];
      expect(await presentKinds(client)).toEqual(always);
      await client.query("BEGIN; CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES t, name text UNIQUE CHECK (name <> ''))");
      expect(await presentKinds(client)).toEqual(always);
      await client.query("ROLLBACK");
    }));

  test("a kind is present wherever an object of it is told, in each form", () =>
    connected(async (client) => {
      for (const { kind, form, sql } of everyForm) {
        await client.query(`BEGIN; ${sql}`).catch((cause: unknown) => expect.fail(`${kind} ${form}: ${String(cause)}`));
        expect([kind, form, await read(client, kind)]).toEqual([kind, form, toldAndPresent]);
        await client.query("ROLLBACK");
      }
    }));

  // No transaction takes it.
  test("a tablespace is present too", () =>
    connected(async (client) => {
      await client.query("SET allow_in_place_tablespaces = on");
      await client.query("CREATE TABLESPACE made LOCATION ''");
      expect(await read(client, "tablespace")).toEqual(toldAndPresent);
      await client.query("DROP TABLESPACE made");
    }));

  test("catalogs that are closed leave their kinds unread and hide no other", () =>
    connected(async (client) => {
      await client.query("BEGIN; CREATE TABLE t (a int); CREATE POLICY p ON t USING (true); CREATE VIEW v AS SELECT 1 AS a; CREATE DOMAIN d AS text; CREATE PUBLICATION p");
      await client.query("CREATE ROLE reader; REVOKE SELECT ON pg_policy, pg_publication, pg_default_acl FROM PUBLIC; SET LOCAL ROLE reader");
      const { parts, unread } = await readInTransaction(client, { stateSchema: "platform" });
      await client.query("ROLLBACK");
      expect(unread).toEqual(
        ["policy", "publication", "default privileges"].map((kind) => ({ kind, object: null, property: null, reason: expect.stringContaining("permission denied") as string })),
      );
      expect(parts.map(({ kind, rows }) => `${rows.length} ${kind}`)).toEqual(expect.arrayContaining(["1 table", "1 column", "1 view", "1 domain"]));
    }));
});

test("every source has its forms here", () => {
  const withSource = families.flatMap(({ kind, source }) => (source === undefined ? [] : [kind]));
  expect([...Object.keys(forms), "tablespace"].sort()).toEqual(withSource.sort());
});

/** One object comes in one part. */
const toldAndPresent = { parts: 1, present: true };

async function read(client: PostgresClient, kind: string): Promise<typeof toldAndPresent> {
  const family = families.filter((family) => family.kind === kind);
  const { rows } = await client.query(snapshotSql(family, await readAccess(client)), queryValues(scope));
  return { parts: rows.length, present: (await presentKinds(client)).includes(kind) };
}

async function presentKinds(client: PostgresClient): Promise<readonly string[]> {
  return (await client.query<{ kind: string }>(presentKindsSql(families))).rows.map(({ kind }) => kind);
}
