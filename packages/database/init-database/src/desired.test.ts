import { expect, test } from "vitest";
import { desiredState, type DesiredInput } from "./desired.ts";

const input: DesiredInput = { database: "shop", owner: undefined, rolePrefix: undefined, schemas: ["public"], stateSchema: "platform", supabase: false };

test("roles are named after the database, the prefix or the owner", () => {
  expect(desiredState(input).roles.map(({ name }) => name)).toEqual(["shop_owner", "shop_migrator", "shop_readwrite", "shop_readonly"]);
  expect(desiredState({ ...input, rolePrefix: "app", owner: "boss" }).roles.map(({ name }) => name)).toEqual(["boss", "app_migrator", "app_readwrite", "app_readonly"]);
});

test("only Supabase's authenticator, not the roles of its API, logs in", () => {
  const { roles, memberships } = desiredState({ ...input, supabase: true });
  const supabase = roles.slice(4);
  expect(supabase.map(({ name }) => name)).toEqual(["anon", "authenticated", "service_role", "authenticator"]);
  expect(supabase.filter(({ variable }) => variable !== undefined).map(({ name }) => name)).toEqual(["authenticator"]);
  expect(supabase.filter(({ bypassRls }) => bypassRls).map(({ name }) => name)).toEqual(["service_role"]);
  expect(memberships.filter(({ member }) => member === "authenticator")).toHaveLength(3);
});

test.each([
  [{ database: "d".repeat(64) }, "64 bytes"],
  [{ database: "ä".repeat(30) }, "66 bytes"],
  [{ database: "nul\0" }, "no NUL"],
  [{ rolePrefix: "pg" }, "keeps it for itself"],
  [{ owner: "public" }, "keeps it for itself"],
  [{ schemas: ["pg_app"] }, "keeps it for itself"],
  [{ schemas: ["information_schema"] }, "keeps it for itself"],
  [{ schemas: ["platform"] }, "is to hold the state tables and the application"],
])("%j is refused", (change, reason) => {
  expect(() => desiredState({ ...input, ...change })).toThrow(expect.objectContaining({ exitCode: 3, message: expect.stringContaining(reason), hint: expect.any(String) }));
});
