import { describe, expect, test } from "vitest";
import type { Reading } from "./read-snapshot.ts";
import { parseReading, storeReading } from "./stored-reading.ts";

const reading: Reading = {
  serverVersion: 150_018,
  clusterWide: false,
  unread: [],
  parts: [
    { kind: "table", rows: [{ name: 'public."b; drop table"', owner: "me", acl: ["x=r/me", "a=w/me"] }] },
    { kind: "column", rows: [{ name: "public.a.ü", type: "text" }] },
    { kind: "table", rows: [{ name: "public.a", form: "ordinary", owner: "me" }] },
  ],
};

describe("storeReading", () => {
  test("what was stored is read again", () => {
    const read = parseReading(storeReading(reading), "it");
    expect(read.serverVersion).toBe(150_018);
    expect(read.parts.flatMap(({ kind, rows }) => rows.map(({ name }) => `${kind} ${name}`))).toEqual(["column public.a.ü", 'table public."b; drop table"', "table public.a"]);
    expect(read.parts.at(-1)?.rows.at(-1)).toEqual({ name: "public.a", form: "ordinary", owner: "me" });
  });

  test("another order gives the same text", () => {
    const [first, ...rest] = reading.parts;
    const turned = { ...reading, parts: [...rest.toReversed(), { ...first!, rows: first!.rows.map(({ name }) => ({ acl: ["a=w/me", "x=r/me"], owner: "me", name })) }] };
    expect(storeReading(turned, { indent: 2 })).toBe(storeReading(reading, { indent: 2 }));
  });
});

describe("parseReading refuses", () => {
  const stored = JSON.parse(storeReading(reading)) as Record<string, unknown>;

  test.each([
    ["a newer format", { ...stored, snapshotFormat: 99 }, "s.json has the format 99, and this release reads the format 2"],
    ["an older format", { ...stored, snapshotFormat: 1 }, "of an older release"],
    ["another JSON file", { name: "package" }, "it is no snapshot of a schema"],
    ["an unknown kind", { ...stored, rows: [{ kind: "spaceship", row: { name: "x" } }] }, "it is damaged"],
    ["an object without name", { ...stored, rows: [{ kind: "table", row: {} }] }, "it is damaged"],
    ["a list", [], "it is no snapshot of a schema"],
  ])("%s", (_, value, message) => {
    expect(() => parseReading(JSON.stringify(value), "s.json")).toThrow(message);
  });

  test("half a file", () => {
    expect(() => parseReading(storeReading(reading).slice(0, 50), "s.json")).toThrow(expect.objectContaining({ code: "configuration", message: expect.stringContaining("not valid JSON") as string }) as Error);
  });
});
