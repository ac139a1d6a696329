import { expect, test } from "vitest";
import { planExecution } from "./execution-plan.ts";

test.each([
  "create table t (id int); create index on t (id);",
  "select 'create index concurrently'; -- vacuum",
  "savepoint s; rollback to savepoint s; rollback to s; release s;",
  "create table concurrently (id int)",
  "create function f() returns void language plpgsql as $$ begin commit; end $$",
  "alter table t detach partition p",
  "refresh materialized view concurrently v",
  "-- this file needs no-transaction or so\nselect 1",
])("in a transaction: %s", (sql) => {
  expect(planExecution(sql)).toMatchObject({ inTransaction: true, leftOpen: undefined });
});

test.each([
  "create index concurrently on t (id)",
  "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (id)",
  "drop index concurrently i",
  "reindex index concurrently i",
  "reindex (verbose, concurrently) table t",
  "reindex database d",
  "alter table only t detach partition p concurrently",
  "vacuum (analyze) t",
  "alter system set work_mem = '1MB'",
  "create database d",
  "-- postgres-migrations disable-transaction\nselect 1",
  "select 1;\n  -- No-Transaction  \nselect 2",
  "insert into t values (1); commit; insert into t values (2)",
  "begin isolation level serializable; select 1; commit",
  "begin; select 1; commit and chain; select 2; commit",
  "prepare transaction 'x'",
  "start transaction",
  "begin",
  "select 1; end",
  "select 1; rollback",
  "select 1; abort",
  "reindex schema s",
  "cluster",
  "create tablespace t location '/t'",
  "drop subscription s",
])("outside: %s", (sql) => {
  expect(planExecution(sql).inTransaction).toBe(false);
});

test.each(["begin; select 1; commit;", "START TRANSACTION; select 1; END;", "-- c\nbegin work;\nselect 1;\ncommit work"])(
  "a file that is merely wrapped runs without its wrapping: %s",
  (sql) => {
    const plan = planExecution(sql);
    expect(plan.inTransaction).toBe(true);
    expect(plan.statements.map(({ text }) => text)).toEqual(["select 1"]);
  },
);

test("a transaction that is not ended is seen", () => {
  expect(planExecution("begin; select 1").leftOpen?.text).toBe("begin");
  expect(planExecution("select 1; commit; start transaction; select 2").leftOpen?.text).toBe("start transaction");
  expect(planExecution("begin; select 1; commit; select 2").leftOpen).toBeUndefined();
});

test("the statements of an ordinary file are there when they are asked for, each time the same", () => {
  const plan = planExecution("create table t (id int);\n-- and\ninsert into t values (1);\n");
  expect(plan).toMatchObject({ inTransaction: true, leftOpen: undefined });
  expect(plan.statements.map(({ text }) => text)).toEqual(["create table t (id int)", "insert into t values (1)"]);
  expect(plan.statements).toBe(plan.statements);
});
