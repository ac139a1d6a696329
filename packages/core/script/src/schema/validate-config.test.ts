import { isScriptError } from "@org/exit-codes";
import { expect, test } from "vitest";
import { definePlatform } from "../config.ts";
import { validateConfig } from "./validate-config.ts";

function problemsOf(value: unknown): string {
  try {
    validateConfig(value, "platform.config.ts");
  } catch (error) {
    if (isScriptError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

test("a config of every key passes as it is", () => {
  const run = (): { verdict: "pass"; evidence: string } => ({ verdict: "pass", evidence: "none is stuck" });
  const config = definePlatform({
    databaseUrl: "postgres://localhost:5434/app",
    redisUrl: "redis://localhost:6382",
    supabaseUrl: "http://localhost:54321",
    environment: "development",
    database: { name: "app", owner: "app_owner", stateSchema: "platform", schemas: ["app"], rolePrefix: "app_", supabase: true },
    migrations: { directory: "migrations", layout: "timestamp", lockWait: "5s" },
    extensions: [{ name: "pg_trgm", version: ">=1.3", schema: "extensions", required: false, preload: false }],
    extensionFiles: ["functions"],
    dependencies: { postgresPort: 5434, cachePort: 6382, provider: "local", preloadLibraries: ["pg_stat_statements"] },
    schema: { include: ["app"], ignore: [{ kind: "index", name: "app.idx", reason: "made by hand" }] },
    thresholds: { "postgres.query": 10 },
    scripts: ["verify-connection"],
    checks: [{ script: "verify-connection", id: "orders.stuck", title: "No order is stuck", run }],
  });
  expect(validateConfig(config, "platform.config.ts")).toEqual(config);
});

test("an empty config, undefined values and $schema pass", () => {
  expect(validateConfig({}, "f")).toEqual({});
  expect(validateConfig({ $schema: "x.json", databaseUrl: undefined, database: { name: undefined } }, "f")).toEqual({ database: {} });
});

test("all problems are named at once, with their paths", () => {
  const value = {
    databseUrl: "postgres://localhost",
    flavour: 1,
    database: { ownr: "x", nonsense: true, schemas: "app" },
    migrations: { directory: "", hooks: { afterAll: [{ sql: "a.sql", command: ["a"] }, { command: [] }] } },
    extensions: [{ name: "pg_trgm" }, { version: 1 }],
    dependencies: { postgresPort: 70_000, provider: "docker" },
    schema: { ignore: [{ reason: "all of it" }] },
    thresholds: { query: "fast" },
    checks: [{ script: "verify-connection", id: "Orders Stuck", title: "x", run: "no" }],
  };
  expect(problemsOf(value)).toMatchInlineSnapshot(`
    "configuration: platform.config.ts has 16 problems:
      databseUrl: unknown key; did you mean "databaseUrl"?
      flavour: unknown key; known are databaseUrl, redisUrl, supabaseUrl, environment, database, migrations, extensions, extensionFiles, dependencies, schema, thresholds, scripts, checks
      database.ownr: unknown key; did you mean "owner"?
      database.nonsense: unknown key; known are name, owner, stateSchema, schemas, rolePrefix, supabase
      database.schemas: expected a list, found "app"
      migrations.directory: it is empty
      migrations.hooks.afterAll[0]: it needs either "sql" or "command"
      migrations.hooks.afterAll[1].command: it names no program
      extensions[1].name: it is missing
      extensions[1].version: expected a text, found 1
      dependencies.postgresPort: a port is at most 65535
      dependencies.provider: expected "existing" or "container" or "local" or "embedded", found "docker"
      schema.ignore[0]: it needs a "kind", a "name" or a "property"
      thresholds.query: expected a number, found "fast"
      checks[0].id: an id is in kebab-case, with dots to group, such as "orders.stuck"
      checks[0].run: it must be a function"
  `);
});

test.each([[null], ["text"], [[]], [undefined], [5]])("%j is not a config", (value) => {
  expect(problemsOf(value)).toContain("expected an object");
});

test("a list in the place of an object is named", () => {
  expect(problemsOf({ database: [], thresholds: [1] })).toBe(
    "configuration: platform.config.ts has 2 problems:\n  database: expected an object, found a list\n  thresholds: expected an object, found a list",
  );
});

test("a long text in the wrong place is not repeated, because it may be a secret", () => {
  expect(problemsOf({ dependencies: { postgresPort: "postgres://app:hunter2@localhost" } })).not.toContain("hunter2");
});
