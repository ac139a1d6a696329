import { compareSnapshots, type Fact, type Snapshot } from "@org/postgres/schema";
import { describe, expect, test } from "vitest";
import { planRepair } from "./repair.ts";
import { renderScript } from "./script.ts";

function snapshot(...facts: readonly Fact[]): Snapshot {
  return { serverVersion: 150_000, clusterWide: false, facts, unread: [] };
}

const table: Fact = { kind: "table", name: "app.users", parent: undefined, properties: { form: "ordinary", persistence: "permanent" } };
const state = (labels: string): Fact => ({ kind: "type", name: "app.state", parent: undefined, properties: { form: "enumeration", labels } });

function column(name: string, type = "text"): Fact {
  return { kind: "column", name: `app.users.${name}`, parent: "app.users", properties: { type, "not null": "false" } };
}

function script(expected: Snapshot, found: Snapshot, withDataLoss = false): string {
  return renderScript(planRepair(expected, found, compareSnapshots(expected, found).differences), { withDataLoss });
}

/** What psql would run. */
function code(text: string): string[] {
  return text.split("\n").filter((line) => !line.startsWith("--") && line !== "");
}

describe("the repair script", () => {
  test("says that there is nothing to repair, or that nobody knows", () => {
    expect(code(script(snapshot(table), snapshot(table)))).toEqual([]);
    expect(renderScript(undefined, { withDataLoss: false })).toMatch(/^-- The schema could not be compared/u);
  });

  test("runs in one transaction and stops at the first error", () => {
    const lines = code(script(snapshot(table, column("name")), snapshot(table)));
    expect(lines[0]).toBe("\\set ON_ERROR_STOP on");
    expect(lines).toContain("ALTER TABLE app.users ADD COLUMN name text;");
    expect(lines.indexOf("BEGIN;")).toBeLessThan(lines.indexOf("ALTER TABLE app.users ADD COLUMN name text;"));
    expect(lines.at(-1)).toBe("COMMIT;");
  });

  test("keeps what loses data in comments, and says what is lost", () => {
    const [expected, found] = [snapshot(table, column("name")), snapshot(table, column("name"), column("stray"))];
    const held = script(expected, found);
    expect(held).toContain("-- Loses the values of app.users.stray.\n-- ALTER TABLE app.users DROP COLUMN stray;");
    expect(code(held).join("\n")).not.toContain("DROP COLUMN");
    expect(code(script(expected, found, true))).toContain("ALTER TABLE app.users DROP COLUMN stray;");
  });

  test("holds back only what serves a lossy repair alone", () => {
    const lines = code(script(snapshot(table, column("a"), column("b", "bigint")), snapshot(table, column("b", "numeric"))));
    expect(lines).toContain("ALTER TABLE app.users ADD COLUMN a text;");
    expect(lines.join("\n")).not.toContain("TYPE bigint");
  });

  test("adds values of enumerations before the transaction that may use them", () => {
    const lines = code(script(snapshot(state("'new', 'paid', 'sent'")), snapshot(state("'new', 'sent'"))));
    const adding = lines.indexOf("ALTER TYPE app.state ADD VALUE 'paid' AFTER 'new';");
    expect(adding).toBeGreaterThan(0);
    expect(adding).toBeLessThan(lines.indexOf("BEGIN;"));
  });

  test("says why something cannot be written", () => {
    const text = script(snapshot(state("'new'")), snapshot(state("'new', 'sent'")));
    expect(text).toContain("-- Not written: PostgreSQL cannot take a value out of app.state");
    expect(code(text).join("\n")).not.toContain("app.state");
  });

  test("no name or value ends a comment", () => {
    const hostile: Fact = { ...table, name: 'app."x\n; DROP TABLE y; --\r\n\u2028DROP TABLE z"' };
    const found = snapshot(table, { ...table, properties: { ...table.properties, comment: "a\nDROP TABLE users;" } }, hostile);
    const lines = code(script(snapshot(table), found));
    expect(lines.filter((line) => line.includes("DROP"))).toEqual([]);
  });
});
