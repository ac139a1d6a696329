// Needs Postgres and psql.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { psqlFile, runBin, startPrivatePostgres, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateSchemaConsistency } from "../index.ts";
import { execute, onDatabase } from "../testing/live-database.ts";
import { withPlace, type Place } from "../testing/place.ts";
import { createRoles } from "../testing/rich-schema.ts";
import { driftByHand } from "../testing/small-schema.ts";

let server: PrivatePostgres;

beforeAll(async () => {
  server = await startPrivatePostgres();
  await execute(server.url, createRoles);
});

afterAll(() => server.stop());

function printSql({ url, folder }: Place, ...args: readonly string[]): ReturnType<typeof runBin> {
  return runBin("validate-schema-consistency", ["--no-history", "--sql", ...args], { cwd: folder, env: { DATABASE_URL: url } });
}

async function differences({ url, directory }: Place): Promise<readonly string[]> {
  const report = await validateSchemaConsistency({ databaseUrl: url, directory });
  return (report.data?.differences ?? []).map(({ kind, object, property, change }) => `${kind} ${object} ${property ?? change}`);
}

describe("--sql", () => {
  test("prints a script that psql runs, after which nothing differs; and changes nothing itself", async () => {
    await withPlace(server, async (place) => {
      await execute(place.url, ...driftByHand);
      const before = await differences(place);
      const { stdout, exitCode } = await printSql(place);
      expect(exitCode).toBe(6);
      expect(before).toHaveLength(driftByHand.length);
      expect(await differences(place)).toEqual(before);
      const file = join(place.folder, "repair.sql");
      await writeFile(file, stdout);
      await psqlFile(place.url, file);
      expect(await differences(place)).toEqual([]);
    });
  });

  test("what loses data is done only with --with-data-loss", async () => {
    await withPlace(server, async (place) => {
      await execute(place.url, 'CREATE TABLE "st\nray; \\" (id integer)', "ALTER TABLE accounts ALTER COLUMN active DROP NOT NULL", 'INSERT INTO "st\nray; \\" VALUES (1)');
      const file = join(place.folder, "repair.sql");
      await printSql(place, "--output", file);
      await psqlFile(place.url, file);
      expect(await differences(place)).toEqual(['table public."st\nray; \\" extra']);
      await printSql(place, "--with-data-loss", "--output", join(place.folder, "lossy.sql"));
      await psqlFile(place.url, join(place.folder, "lossy.sql"));
      expect(await differences(place)).toEqual([]);
    });
  });

  test("a script that cannot run to its end leaves everything as it was", async () => {
    await withPlace(server, async (place) => {
      await execute(place.url, "ALTER TABLE accounts ALTER COLUMN name DROP NOT NULL", "DROP POLICY accounts_active ON accounts", "INSERT INTO accounts (name) VALUES (NULL)");
      const before = await differences(place);
      const file = join(place.folder, "repair.sql");
      await printSql(place, "--output", file);
      await expect(psqlFile(place.url, file)).rejects.toThrow(/contains null values/u);
      expect(await differences(place)).toEqual(before);
    });
  });

  test("the report tells each difference its SQL both ways", async () => {
    await withPlace(server, async (place) => {
      await execute(place.url, "ALTER TABLE accounts DROP COLUMN note");
      const report = await validateSchemaConsistency({ databaseUrl: place.url, directory: place.directory });
      expect(report.data?.repair).toBeNull();
      expect(report.data?.differences?.map(({ sql }) => sql)).toEqual([
        {
          repair: { statements: [{ sql: "ALTER TABLE public.accounts ADD COLUMN note text" }], cannot: null },
          accept: { statements: [{ sql: "ALTER TABLE public.accounts DROP COLUMN note", loses: "the values of public.accounts.note" }], cannot: null },
        },
      ]);
    });
  });

  test("where nothing could be compared the script says so and does nothing", async () => {
    await withPlace(server, async (place) => {
      await onDatabase(server.url, (client) => client.query("DO $$ BEGIN CREATE ROLE no_scratch LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"));
      await execute(place.url, "GRANT USAGE ON SCHEMA platform TO no_scratch; GRANT SELECT ON ALL TABLES IN SCHEMA platform TO no_scratch");
      const url = Object.assign(new URL(place.url), { username: "no_scratch", password: "x" }).href;
      const { stdout, exitCode } = await printSql({ ...place, url });
      expect(exitCode).toBe(5);
      expect(stdout).toMatch(/^-- The schema could not be compared[^\n]*\n$/u);
    });
  });
});
