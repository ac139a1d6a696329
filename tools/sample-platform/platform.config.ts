import { resolve } from "node:path";
import { definePlatform, fail, pass, type Check } from "@org/script";
import type { PostgresClient } from "@org/postgres";

const here = import.meta.dirname;

/** Reference data that everybody may read; every other table of the application says by policies who sees a row. */
const openTables = ["countries", "offer_prices", "offers", "places", "suppliers"];

const everyTableHasPolicies: Check<{ readonly client: PostgresClient }> = {
  id: "app.row-security",
  title: "Every table of the application is protected by row security or known to be open",
  run: async ({ client }) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_catalog.pg_class
       WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity AND relname <> ALL ($1)
       ORDER BY relname`,
      [openTables],
    );
    if (rows.length === 0) return pass(`all tables but ${openTables.join(", ")} have row security`);
    return fail(
      `without row security: ${rows.map(({ name }) => name).join(", ")}`,
      "Enable row security on the table, or add it to the open tables in platform.config.ts.",
      { value: rows.length, unit: "count" },
    );
  },
};

export default definePlatform({
  database: { schemas: ["app"], owner: "app_owner", rolePrefix: "app" },
  migrations: { directory: resolve(here, "migrations") },
  extensions: [
    { name: "pgcrypto", version: ">=1.3", schema: "extensions" },
    { name: "citext", version: ">=1.6", schema: "extensions" },
    { name: "pg_trgm", version: ">=1.6", schema: "extensions" },
    { name: "btree_gist", version: ">=1.6", schema: "extensions" },
    { name: "vector", version: ">=0.5", schema: "extensions", required: false },
  ],
  extensionFiles: [resolve(here, "extensions")],
  schema: { include: ["app", "audit"] },
  checks: [{ ...everyTableHasPolicies, script: "validate-schema-consistency" }],
});
