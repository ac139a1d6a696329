import { expect, test } from "vitest";
import { namesPort } from "./existing-server.ts";
import { maskUrl } from "./mask-url.ts";

test.each([
  ["postgres://me:secret@host:5434/app", "postgres://me:***@host:5434/app"],
  ["redis://:secret@host", "redis://:***@host"],
  ["redis://host", "redis://host"],
  ["postgres://host/app?password=secret&sslmode=require", "postgres://host/app?sslmode=require"],
  ["not a secret url", "a URL that cannot be read"],
])("%s is shown as %s", (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

test.each([
  ["postgres://a:b@127.0.0.1:5434/app", true],
  ["postgres://a:b@localhost:5434/app", true],
  ["redis://[::1]:5434", true],
  ["postgres://a:b@127.0.0.1:5435/app", false],
  ["postgres://a:b@db.example:5434/app", false],
  ["", false],
])("%s names our port: %s", (url, expected) => {
  expect(namesPort(url, 5434)).toBe(expected);
});
