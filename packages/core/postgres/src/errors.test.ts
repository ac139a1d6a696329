import { isScriptError, ScriptError } from "@org/exit-codes";
import { describe, expect, test } from "vitest";
import { toPostgresError } from "./index.ts";

const url = "postgres://app:secret@db.example.com:6543/shop";

describe("errors of the network", () => {
  test.each([
    [{ code: "ECONNREFUSED" }, "refused the connection"],
    [{ code: "ENOTFOUND" }, "does not resolve"],
    [{ code: "ETIMEDOUT" }, "did not answer in time"],
    [{ message: "timeout expired" }, "did not answer in time"],
    [{ code: "ECONNRESET" }, "closed the connection"],
    [{ message: "Connection terminated unexpectedly" }, "closed the connection"],
    [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, "TLS"],
    [{ code: "EHOSTUNREACH", syscall: "connect" }, "cannot be reached"],
  ])("%j is a connection error", (fields, reason) => {
    const error = toPostgresError(Object.assign(new Error("x"), fields), { url, doing: "read the catalog" });
    expect(error).toMatchObject({ code: "connection", message: expect.stringContaining(reason), hint: expect.any(String) });
    expect((error as Error).message).toMatch(/^cannot read the catalog: app@db\.example\.com:6543\/shop /);
    expect((error as Error).message).not.toContain("secret");
  });
});

describe("errors of the server", () => {
  test.each([
    ["28P01", 'password authentication failed for user "app"', "connection"],
    ["28000", 'no pg_hba.conf entry for host "1.2.3.4"', "connection"],
    ["57P03", "the database system is starting up", "connection"],
    ["53300", "sorry, too many clients already", "connection"],
    ["57P01", "terminating connection due to administrator command", "connection"],
    ["08P01", "unsupported startup parameter: options", "connection"],
    ["3D000", 'database "shop" does not exist', "dependency"],
    ["42501", "permission denied for table orders", "permission"],
    ["25006", "cannot execute INSERT in a read-only transaction", "permission"],
    ["57014", "canceling statement due to statement timeout", "timedOut"],
    ["57014", "canceling statement due to user request", "general"],
    ["55P03", "canceling statement due to lock timeout", "timedOut"],
    ["42P01", 'relation "x" does not exist', "general"],
  ])("SQLSTATE %s, %s: %s", (code, message, expected) => {
    const error = toPostgresError(serverError({ code, message }), { url });
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining(`${message} (SQLSTATE ${code}`) });
  });

  test("position, detail and hint are kept", () => {
    const cause = serverError({ code: "42703", message: "no column", position: "15", detail: "Some detail.", hint: "Perhaps b." });
    expect(toPostgresError(cause, { url })).toMatchObject({
      message: "app@db.example.com:6543/shop says: no column (SQLSTATE 42703, character 15). Some detail.",
      hint: "Perhaps b.",
      cause,
    });
  });
});

describe("a missing right comes with the statement that grants it", () => {
  test.each([
    ["permission denied for table orders", "UPDATE orders SET x = 1", "GRANT UPDATE ON TABLE orders TO app;"],
    ["permission denied for table Orders", undefined, 'GRANT SELECT ON TABLE "Orders" TO app;'],
    ["permission denied for materialized view totals", undefined, "GRANT SELECT ON TABLE totals TO app;"],
    ["permission denied for schema audit", "CREATE TABLE audit.x ()", "GRANT CREATE ON SCHEMA audit TO app;"],
    ["permission denied for schema audit", "SELECT 1", "GRANT USAGE ON SCHEMA audit TO app;"],
    ["permission denied for database shop", undefined, "GRANT CREATE ON DATABASE shop TO app;"],
    ["permission denied for function f", undefined, "GRANT EXECUTE ON FUNCTION f TO app;"],
    ["permission denied to create database", undefined, "ALTER ROLE app CREATEDB;"],
    ["permission denied to create role", undefined, "ALTER ROLE app CREATEROLE;"],
  ])("%s", (message, statement, grant) => {
    const error = toPostgresError(serverError({ code: "42501", message }), { url, statement });
    expect(error).toMatchObject({ code: "permission", hint: `Let an administrator run: ${grant}` });
  });

  test("or says whose right it is", () => {
    const owner = toPostgresError(serverError({ code: "42501", message: "must be owner of table orders" }), { url });
    expect(owner).toMatchObject({ hint: expect.stringContaining("the owner of table orders") });
    const hint = "Must be superuser to create this extension.";
    const extension = toPostgresError(serverError({ code: "42501", message: 'permission denied to create extension "x"', hint }), { url });
    expect(extension).toMatchObject({ hint });
  });
});

test("a ScriptError and a bug come back as they are", () => {
  const known = new ScriptError("permission", "x");
  const bug = new TypeError("x is not a function");
  expect(toPostgresError(known, { url })).toBe(known);
  expect(toPostgresError(bug, { url })).toBe(bug);
  expect(isScriptError(bug)).toBe(false);
});

function serverError(fields: Record<string, string>): Error {
  return Object.assign(new Error(fields["message"]), { severity: "ERROR" }, fields);
}
