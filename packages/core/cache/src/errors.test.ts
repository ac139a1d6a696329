import { ScriptError } from "@org/exit-codes";
import { expect, test } from "vitest";
import { toCacheError } from "./index.ts";

const url = "redis://app:secret@cache.example.com:6380/2";

test.each([
  [{ code: "ECONNREFUSED" }, "refused the connection"],
  [{ code: "ENOTFOUND" }, "does not resolve"],
  [{ code: "ETIMEDOUT" }, "did not answer in time"],
  [{ message: "Command timed out" }, "did not answer in time"],
  [{ code: "ECONNRESET" }, "closed the connection"],
  [{ message: "Connection is closed." }, "closed the connection"],
  [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, "TLS"],
  [{ message: 'Unknown RESP type 72 "H"' }, "does not speak the Redis protocol"],
  [{ code: "EHOSTUNREACH", syscall: "connect" }, "cannot be reached"],
])("%j is a connection error", (fields, reason) => {
  const error = toCacheError(Object.assign(new Error("x"), fields), { url, doing: "read the memory settings" });
  const message = `cannot read the memory settings: app@cache.example.com:6380/2 `;
  expect(error).toMatchObject({ code: "connection", message: expect.stringContaining(reason), hint: expect.any(String) });
  expect((error as Error).message).toContain(message);
});

test.each([
  ["NOAUTH Authentication required.", "connection"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "connection"],
  ["ERR invalid password", "connection"],
  ["ERR AUTH <password> called without any password configured for the default user.", "connection"],
  ["LOADING Redis is loading the dataset in memory", "connection"],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "connection"],
  ["ERR max number of clients reached", "connection"],
  ["NOPERM User app has no permissions to run the 'config' command", "permission"],
  ["ERR DB index is out of range", "configuration"],
  ["READONLY You can't write against a read only replica.", "general"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "general"],
  ["ERR unknown command 'nope'", "general"],
])("%s: %s", (message, expected) => {
  const command = { name: "auth", args: ["app", "secret"] };
  const reply = Object.assign(new Error(message), { name: "ReplyError", command });
  const error = toCacheError(reply, { url });
  expect(error).toMatchObject({ code: expected, message: expect.stringContaining(message), hint: expect.any(String) });
  expect((error as Error).cause).not.toHaveProperty("command");
});

test.each([
  ["ERR AUTH <password> called without any password configured for the default user.", "holds one", "from --compare"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS", "in --compare"],
])("%s: names what the URL was set with", (message, reason, hint) => {
  const error = toCacheError(Object.assign(new Error(message), { name: "ReplyError" }), { url, setting: "--compare" });
  expect(error).toMatchObject({ message: expect.stringContaining(reason), hint: expect.stringContaining(hint) });
  expect(JSON.stringify([(error as ScriptError).message, (error as ScriptError).hint])).not.toContain("REDIS_URL");
});

test("a ScriptError and a bug come back as they are", () => {
  const known = new ScriptError("permission", "x");
  const bug = new TypeError("x is not a function");
  expect(toCacheError(known, { url })).toBe(known);
  expect(toCacheError(known, { url: "no URL" })).toBe(known);
  expect(toCacheError(bug, { url })).toBe(bug);
});
