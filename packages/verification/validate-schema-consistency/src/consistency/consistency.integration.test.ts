// Needs Postgres.
import type { CheckRun, Finding } from "@org/script";
import { silentLogger } from "@org/logging";
import { createScratchDatabase, type ScratchDatabase } from "@org/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onDatabase } from "../testing/live-database.ts";
import { consistencyChecks } from "./checks.ts";

let database: ScratchDatabase;

beforeAll(async () => {
  database = await createScratchDatabase();
});

afterAll(() => database.drop());

/** The answer of one check while the statements are in force; they are rolled back after. */
async function answer(id: string, sql: string, sequenceLimit?: number): Promise<Finding> {
  const check = consistencyChecks({ stateSchema: "platform", sequenceLimit }).find((candidate) => candidate.id === id)!;
  return onDatabase(database.url, async (client) => {
    await client.query(`BEGIN; ${sql}`);
    return check.run({ client }, { logger: silentLogger, signal: new AbortController().signal } satisfies CheckRun);
  });
}

const parent = "CREATE TABLE parent (id bigint PRIMARY KEY, name text UNIQUE);";
const child = `${parent} CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent);`;

/** Check, statements that it must pass, statements that it must catch, its verdict then and what it names. */
const cases: readonly (readonly [id: string, good: string, bad: string, verdict: string, evidence: string])[] = [
  ["consistency.primary-keys", parent, 'CREATE TABLE "No Key" (id integer)', "warn", 'without primary key: public."No Key"'],
  ["consistency.primary-keys", "CREATE SCHEMA platform; CREATE TABLE platform.own (id integer)", "CREATE TABLE p (id integer) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT", "warn", "without primary key: public.p"],
  ["consistency.foreign-key-types", child, `${parent} CREATE TABLE child (id integer REFERENCES parent)`, "fail", "of other types: public.child.child_id_fkey (id is integer, id is bigint)"],
  ["consistency.foreign-key-types", child, `${parent} CREATE TABLE child (name varchar REFERENCES parent (name))`, "warn", "of other types: public.child.child_name_fkey (name is character varying, name is text)"],
  ["consistency.foreign-key-indexes", `${child} CREATE INDEX ON child (parent_id, id)`, child, "warn", "without index: public.child.child_parent_id_fkey"],
  ["consistency.foreign-key-indexes", `${child} CREATE INDEX ON child (parent_id)`, `${child} CREATE INDEX ON child (id, parent_id); CREATE INDEX ON child (parent_id) WHERE id > 5`, "warn", "without index: public.child.child_parent_id_fkey"],
  ["consistency.valid-indexes", parent, `${parent} UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'parent_name_key'::regclass`, "fail", "invalid: public.parent_name_key"],
  ["consistency.duplicate-indexes", `${parent} CREATE INDEX ON parent (name DESC); CREATE INDEX ON parent (name) WHERE id > 5; CREATE INDEX ON parent USING hash (name)`, `${parent} CREATE INDEX again ON parent (name)`, "warn", "alike: public.again and public.parent_name_key"],
  ["consistency.valid-constraints", `${parent} ALTER TABLE parent ADD CHECK (id > 0)`, `${parent} ALTER TABLE parent ADD CONSTRAINT later CHECK (id > 0) NOT VALID`, "warn", "not validated: public.parent.later"],
  ["consistency.enabled-triggers", child, `${child} ALTER TABLE child DISABLE TRIGGER ALL`, "warn", "disabled: public.child.child_parent_id_fkey (foreign key)"],
  ["consistency.sequences", "CREATE TABLE t (id serial); SELECT setval('t_id_seq', 1000)", "CREATE TABLE t (id serial); SELECT setval('t_id_seq', 2000000000)", "fail", "public.t_id_seq has used 93.1 % of its range"],
  ["consistency.sequences", "CREATE SEQUENCE s MAXVALUE 100 CYCLE; SELECT setval('s', 99)", "CREATE TABLE t (id integer); CREATE SEQUENCE s OWNED BY t.id; SELECT setval('s', 1600000000)", "warn", "public.s has used 74.5 % of its range"],
];

test.each(cases)("%s passes after: %s", async (id, good) => {
  expect((await answer(id, good)).verdict).toBe("pass");
});

test.each(cases)("%s after %s catches: %s", async (id, _good, bad, verdict, evidence) => {
  expect(await answer(id, bad)).toMatchObject({ verdict, evidence });
});

test("a limit of the config is told as such", async () => {
  const finding = await answer("consistency.sequences", "CREATE SEQUENCE s MAXVALUE 100; SELECT setval('s', 50)", 40);
  expect(finding).toMatchObject({ verdict: "fail", threshold: { value: 40, source: "config" } });
});

test("sequences that the role may not read are not taken for empty ones", async () => {
  const sql = "CREATE SEQUENCE hidden; DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'drift_blind') THEN CREATE ROLE drift_blind; END IF; END $$; SET ROLE drift_blind";
  expect(await answer("consistency.sequences", sql)).toMatchObject({ verdict: "unknown", code: "permission", evidence: "not readable: public.hidden" });
});
