import { userInfo } from "node:os";
import { isScriptError } from "@org/exit-codes";
import { expect, test } from "vitest";
import { describePostgresUrl, parsePostgresUrl, withDatabase } from "./index.ts";

const hostile = "p@:/?#% w\u00e9";

test("reads every part, decoded", () => {
  const url = `postgresql://a%40b:${encodeURIComponent(hostile)}@db.example.com:6543/my%2Fdb?sslmode=verify-full&sslrootcert=/ca.pem`;
  expect(parsePostgresUrl(url)).toEqual({
    host: "db.example.com",
    port: 6543,
    user: "a@b",
    password: hostile,
    database: "my/db",
    sslMode: "verify-full",
    sslRootCert: "/ca.pem",
    sslCert: undefined,
    sslKey: undefined,
    options: undefined,
    unusedParameters: [],
  });
});

test("what the URL leaves out has libpq's defaults", () => {
  const me = userInfo().username;
  const defaults = { host: "localhost", port: 5432, user: me, database: me, password: undefined, sslMode: "prefer" };
  expect(parsePostgresUrl("postgres://")).toMatchObject(defaults);
  expect(parsePostgresUrl("postgres:///")).toMatchObject(defaults);
  expect(parsePostgresUrl("postgres://bob@")).toMatchObject({ ...defaults, user: "bob", database: "bob" });
});

test.each([
  ["postgres://u@[::1]:5433/d", { host: "::1", port: 5433 }],
  ["postgres://u@%2Fvar%2Frun%2Fpostgresql:5433/d", { host: "/var/run/postgresql", port: 5433 }],
  ["postgres://u@/d?host=/var/run&port=5433", { host: "/var/run", port: 5433 }],
  ["postgres:///d?host=/var/run&user=u&password=p", { host: "/var/run", user: "u", password: "p", database: "d" }],
  ["postgres://u@h/ignored?dbname=d", { database: "d" }],
  ["postgres://u@h/d?options=-c%20search_path%3Dapp", { options: "-c search_path=app" }],
  ["postgres://u@h/d?pgbouncer=true&schema=app", { unusedParameters: ["pgbouncer", "schema"] }],
  ["postgres://u@h/d?sslmode=allow", { sslMode: "prefer" }],
  ["postgres://u@h/d?ssl=true", { sslMode: "require" }],
  ["postgres://u@h/d?ssl=0", { sslMode: "disable" }],
  ["postgres://u:p@ss@h/d", { host: "h", password: "p@ss" }],
])("%s", (url, expected) => {
  expect(parsePostgresUrl(url)).toMatchObject(expected);
});

test.each([
  ["mysql://u:secret@h/d", "mysql://"],
  ["u:secret@h/d", "postgres://"],
  ["", "postgres://"],
  ["postgres://u:secret@h:99999/d", "valid URL"],
  ["postgres://u:secret@h:x/d", "valid URL"],
  ["postgres://u:secret@h/d?port=0", "port"],
  ["postgres://u:secret@h/d?sslmode=requierd", '"requierd"'],
  ["postgres://u:secret#x@h/d", "unencoded"],
  ["postgres://u:secret/x@h/d", "unencoded"],
  ["postgres://u:12?secret@h/d", "unencoded"],
  ["postgres://u:secret@h/d#x", "unencoded"],
  ["postgres://u:secret%@h/d", "%"],
  ["postgres://u:secret%00@h/d", "NUL"],
  ["postgres://u:secret x@h/d", "blank"],
  ["postgres://u:secret\n@h/d", "line break"],
  ["postgres://u:secret@a,b/d", "several hosts"],
])("refuses %j and keeps the secret", (url, reason) => {
  const error = thrownBy(() => parsePostgresUrl(url));
  expect(isScriptError(error) && error.exitCode).toBe(3);
  expect(error).toMatchObject({ message: expect.stringContaining(reason), hint: expect.any(String) });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret");
});

test("describes a URL without its password and on one line", () => {
  expect(describePostgresUrl("postgres://u:secret@h/d")).toBe("u@h:5432/d");
  expect(describePostgresUrl("postgres://u:secret@[::1]/a%0Ab")).toBe("u@[::1]:5432/a%0Ab");
  expect(describePostgresUrl("postgres://u:secret@/d?host=/run")).toBe("u@/run:5432/d");
});

test.each(["other", 'a"b; drop table x; --', "with blank", "new\nline", "\u00fcn\u00efc\u00f6d\u00e9 \u{1f418}", "a/b", "a?b#c", "%41", ".", ".."])(
  "withDatabase names the database %j and keeps the rest",
  (name) => {
    const url = withDatabase(`postgres://u:${encodeURIComponent(hostile)}@h:6543/old?dbname=older&sslmode=disable`, name);
    expect(parsePostgresUrl(url)).toMatchObject({ database: name, host: "h", port: 6543, user: "u", password: hostile, sslMode: "disable" });
  },
);

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
