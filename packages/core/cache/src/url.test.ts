import { createRedactor } from "@org/env";
import { isScriptError, type ScriptError } from "@org/exit-codes";
import { expect, test } from "vitest";
import { describeCacheUrl, parseCacheUrl } from "./index.ts";

const hostile = "p@:/?#% w\u00e9";

test("reads every part, decoded", () => {
  expect(parseCacheUrl(`rediss://a%40b:${encodeURIComponent(hostile)}@cache.example.com:6380/3`)).toEqual({
    host: "cache.example.com",
    port: 6380,
    socket: undefined,
    tls: true,
    user: "a@b",
    password: hostile,
    database: 3,
    unusedParameters: [],
  });
});

test.each([
  ["redis://", { host: "localhost", port: 6379, tls: false, user: undefined, password: undefined, database: 0 }],
  ["redis://h", { host: "h" }],
  ["redis://:p@/1", { host: "localhost", password: "p", database: 1 }],
  ["redis://[::1]:6380", { host: "::1", port: 6380 }],
  ["redis://h?db=2&family=4", { database: 2, unusedParameters: ["family"] }],
  ["redis://:a@b@h", { host: "h", password: "a@b" }],
  ["unix:///run/my%20cache.sock?db=1&password=p", { socket: "/run/my cache.sock", database: 1, password: "p" }],
  ["unix:///run/cache.sock?user=u&password=p", { socket: "/run/cache.sock", user: "u", password: "p", database: 0 }],
])("%s", (url, expected) => {
  expect(parseCacheUrl(url)).toMatchObject(expected);
});

test.each([
  ["postgres://:secret@h", "postgres://"],
  ["secret@h", "redis://"],
  ["redis://:secret@h:99999", "valid URL"],
  ["redis://:secret@h:0", "port"],
  ["redis://:secret@h/x", '"x"'],
  ["redis://:secret@h/-1", '"-1"'],
  ["redis://:1/secret@h", "unencoded"],
  ["redis://:1#secret@h", "unencoded"],
  ["redis://:1?secret@h", "unencoded"],
  ["redis://:secret%@h", "%"],
  ["redis://:secret x@h", "blank"],
  ["redis://secret@h", "no password"],
  ["unix://run/cache.sock?password=secret", "no socket"],
])("refuses %j and keeps the secret", (url, reason) => {
  const error = thrownBy(() => parseCacheUrl(url));
  expect(isScriptError(error) && error.exitCode).toBe(3);
  expect(error).toMatchObject({ message: expect.stringContaining(reason), hint: expect.any(String) });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret");
});

test("an error names what the URL was set with", () => {
  expect(thrownBy(() => parseCacheUrl("redis://h:0", "--compare"))).toMatchObject({ message: expect.stringContaining("the cache URL in --compare cannot be read"), hint: expect.stringContaining("Write --compare as") });
  expect(thrownBy(() => parseCacheUrl("redis://h:0"))).toMatchObject({ message: expect.stringContaining("in REDIS_URL"), hint: expect.stringContaining("Write REDIS_URL as") });
});

test("describes a URL without its password and on one line", () => {
  expect(describeCacheUrl("redis://:secret@h/2")).toBe("h:6379/2");
  expect(describeCacheUrl("redis://u%0A:secret@[::1]")).toBe("u%0A@[::1]:6379/0");
  expect(describeCacheUrl("unix:///run/cache.sock?password=secret")).toBe("/run/cache.sock");
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

test("the next step comes through the redactor whole", () => {
  const hint = caught(() => parseCacheUrl("redis://user:p#ss@localhost")).hint!;
  expect([hint, createRedactor([])(hint)]).toEqual([expect.stringContaining("@ as %40"), hint]);
});

function caught(work: () => unknown): ScriptError {
  try {
    work();
  } catch (error) {
    return error as ScriptError;
  }
  throw new Error("nothing was thrown");
}
