import { describe, expect, test } from "vitest";
import { confine } from "./cluster-statements.ts";

const replaced = { database: "Live", scratch: "scratch" };

describe("statements that reach beyond the database have no effect", () => {
  test.each([
    "CREATE ROLE app",
    "-- why\n/* and\nhow */ alter user app PASSWORD 'x'",
    "DROP GROUP g",
    "CREATE DATABASE other",
    "ALTER DATABASE other SET work_mem = '1MB'",
    'ALTER DATABASE "Live" OWNER TO x',
    "ALTER SYSTEM SET work_mem = '1MB'",
    "COMMENT ON DATABASE live IS 'x'",
    "GRANT reader TO writer",
    "REVOKE ADMIN OPTION FOR reader FROM writer",
    "GRANT CONNECT ON DATABASE live TO reader",
    "GRANT SET ON PARAMETER work_mem TO reader",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    "DROP TABLESPACE t",
    "REASSIGN OWNED BY old TO new",
  ])("%s", (statement) => {
    expect(confine(statement, replaced)).toBeNull();
  });
});

describe("statements within it stay as they are", () => {
  test.each([
    "CREATE TABLE role (id integer)",
    "CREATE USER MAPPING FOR app SERVER s",
    "GRANT SELECT ON database TO reader",
    "GRANT ALL ON SCHEMA app TO reader",
    "ALTER TABLE x OWNER TO y",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader",
    "COMMENT ON TABLE role IS 'ALTER ROLE x'",
    "DO $$ BEGIN CREATE ROLE x; END $$",
    "SELECT 1",
  ])("%s", (statement) => {
    expect(confine(statement, replaced)).toBe(statement);
  });
});

describe("settings of the live database go to the scratch database", () => {
  test.each([
    [`ALTER DATABASE "Live" SET work_mem = '1MB'`, `ALTER DATABASE "scratch" SET work_mem = '1MB'`],
    [`ALTER DATABASE "Live" RESET ALL`, `ALTER DATABASE "scratch" RESET ALL`],
    [`ALTER ROLE app IN DATABASE "Live" SET x.y = '1'`, `ALTER ROLE app IN DATABASE "scratch" SET x.y = '1'`],
  ])("%s", (statement, instead) => {
    expect(confine(statement, replaced)).toBe(instead);
  });
});
