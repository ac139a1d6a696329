import { expect, test } from "vitest";
import { splitStatements } from "./split-statements.ts";

const texts = (sql: string): string[] => splitStatements(sql).statements.map(({ text }) => text);

test.each([
  ["plain statements", "select 1; select 2", ["select 1", "select 2"]],
  ["no statement at all", " ;; -- nothing;\n/* ; */ ;", []],
  ["a quoted semicolon", "select ';'; select \";\" from x", ["select ';'", 'select ";" from x']],
  ["a doubled quote", "select 'it''s;'; select 2", ["select 'it''s;'", "select 2"]],
  ["an escape string", "select E'\\';'; select 2", ["select E'\\';'", "select 2"]],
  ["an escape string with a doubled quote", "select E'a''\\';'; select 2", ["select E'a''\\';'", "select 2"]],
  ["a backslash at the end of a plain string", "select '\\'; select 2", ["select '\\'", "select 2"]],
  ["dollar quotes", "do $$ begin; end $$; select 2", ["do $$ begin; end $$", "select 2"]],
  ["tagged dollar quotes with others inside", "do $a$ x $$;$$ $b$;$b$ $a$; select 2", ["do $a$ x $$;$$ $b$;$b$ $a$", "select 2"]],
  ["a dollar inside a name", "select a$$b; select c$$d", ["select a$$b", "select c$$d"]],
  ["a parameter", "prepare p as select $1; select 2", ["prepare p as select $1", "select 2"]],
  ["nested block comments", "/* a /* ; */ ; */ select 1; select 2", ["select 1", "select 2"]],
  ["a line comment with a quote", "select 1 -- it's; not the end\n; select 2", ["select 1", "select 2"]],
  ["a rule with several commands", "create rule r as on insert to t do (select 1; select 2); select 3", ["create rule r as on insert to t do (select 1; select 2)", "select 3"]],
  ["what is not closed", "select 1; select 'x; select 2", ["select 1", "select 'x; select 2"]],
  ["CRLF", "select 1;\r\nselect 2;\r\n", ["select 1", "select 2"]],
  ["text outside of ASCII", "select 'ß; 京'; select \"ä;\"", ["select 'ß; 京'", 'select "ä;"']],
])("%s", (_, sql, expected) => {
  expect(texts(sql)).toEqual(expected);
});

test("the body of a function in standard SQL stays whole", () => {
  const body = "create or replace function f(x int) returns int language sql begin atomic select 1; select case when x > 1 then 2 end; end";
  expect(texts(`${body}; select 2`)).toEqual([body, "select 2"]);
  expect(texts("begin; select 1; end; select 2")).toEqual(["begin", "select 1", "end", "select 2"]);
});

test("a statement knows where it starts and its first words", () => {
  const sql = "-- first\n  create unique index concurrently i on t (lower(name));";
  expect(splitStatements(sql).statements[0]).toMatchObject({ start: 11, words: ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", "I", "ON", "T"] });
  expect(splitStatements(sql).comments).toEqual(["first"]);
});

test("the rows below a COPY are not SQL", () => {
  const rows = "1\tit's; $$\r\n2\t\\\\.\r\n";
  const sql = `create table t (a int); copy t (a, b) from stdin; select 1; -- it's\r\n${rows}\\.\r\nselect 2;`;
  expect(texts(sql)).toEqual(["create table t (a int)", "copy t (a, b) from stdin", "select 1", "select 2"]);
  const [, copy] = splitStatements(sql).statements;
  expect(copy?.copyData).toEqual({ text: rows, start: sql.indexOf("1\tit"), end: sql.indexOf("select 2") });
});

test("rows without an end reach to the end of the text, and a COPY from elsewhere has none", () => {
  expect(splitStatements("COPY \"my t\" FROM STDIN WITH (FORMAT csv);\n1;\n2").statements.map(({ copyData }) => copyData?.text)).toEqual(["1;\n2"]);
  const two = splitStatements("copy a from stdin; copy b from stdin;\n1\n\\.\n2\n\\.\nselect 1").statements;
  expect(two.map(({ copyData }) => copyData?.text)).toEqual(["1\n", "2\n", undefined]);
  expect(splitStatements("COPY t FROM STDIN;").statements[0]?.copyData).toMatchObject({ text: "" });
  expect(splitStatements("COPY t FROM '/stdin'; COPY t TO STDOUT; select 1").statements.map(({ copyData }) => copyData)).toEqual([undefined, undefined, undefined]);
});

test("a text of a megabyte in one literal is split in no time", () => {
  const literal = `'${"x''".repeat(350_000)}'`;
  expect(texts(`select ${literal}; select 2`)).toHaveLength(2);
});
