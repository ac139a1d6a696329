// Needs Postgres, and the embedded one beside it, which gets what the other one dumps.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compareSnapshots, readCatalogs, toSnapshot, type Reading } from "@org/postgres/schema";
import { createScratchDatabase, pgDump, pgRestore, psqlFile, withTempFolder } from "@org/testkit";
import { describe, expect, test } from "vitest";
import { clinicMigrations } from "./testing/clinic-schema.ts";
import { edgeSchema } from "./testing/edge-schema.ts";
import { execute, onDatabase } from "./testing/live-database.ts";
import { createRoles, richMigrations, roles } from "./testing/rich-schema.ts";

const schemas: Readonly<Record<string, readonly string[]>> = { shop: Object.values(richMigrations), clinic: Object.values(clinicMigrations), edge: [edgeSchema] };

/** Runs the work on an empty database that has the statements' outcome. */
async function withSchema<T>(statements: readonly string[], work: (url: string) => Promise<T>, embedded = false): Promise<T> {
  const database = await createScratchDatabase({ embedded });
  try {
    await execute(database.url, createRoles, ...statements);
    return await work(database.url);
  } finally {
    await database.drop();
  }
}

function read(url: string): Promise<Reading> {
  return onDatabase(url, (client) => readCatalogs(client, { stateSchema: "platform" }));
}

/** Settings of a database are no part of its dump. */
function told(before: Reading, after: Reading): readonly string[] {
  const { differences } = compareSnapshots(toSnapshot(before), toSnapshot(after));
  return differences.filter(({ kind }) => kind !== "setting").map(({ kind, object, property, change, expected, found }) => `${kind} ${object} ${property ?? change}: ${expected}, ${found}`);
}

describe.each(Object.entries(schemas))("the schema %s is the same", (_, statements) => {
  test("where its dump is restored, by psql or pg_restore, on this version or a later one", async () => {
    await withSchema(statements, (url) =>
      withTempFolder(async (folder) => {
        const [plain, packed] = [join(folder, "plain.sql"), join(folder, "packed")];
        await writeFile(plain, await pgDump(url));
        await pgDump(url, ["-Fc", `--file=${packed}`]);
        const original = await read(url);
        const restored = await Promise.all([
          withSchema([], (copy) => psqlFile(copy, plain).then(() => read(copy))),
          withSchema([], (copy) => pgRestore(copy, packed).then(() => read(copy))),
          withSchema([], (copy) => psqlFile(copy, plain).then(() => read(copy)), true),
        ]);
        expect(restored.map((copy) => told(original, copy))).toEqual([[], [], []]);
      }),
    );
  });
});

test("other roles stand for those of the config's map, whatever refers to them", async () => {
  const others = { reader: "Dev-Reader", writer: "drift_zz, writer", other: "drift aa owner" };
  const named = (sql: string): string => Object.entries(roles).reduce((text, [key, role]) => text.replaceAll(role, `"${others[key as keyof typeof roles]}"`), sql);
  const more = [
    `GRANT USAGE ON SEQUENCE clinic.staff_numbers TO ${roles.writer}, ${roles.reader}`,
    `GRANT EXECUTE ON FUNCTION clinic.similarity(text, text) TO ${roles.reader}, ${roles.other}`,
  ];
  const statements = [...Object.values(clinicMigrations), ...more];
  const createOthers = Object.values(others).map((role) => `DO $$ BEGIN CREATE ROLE "${role}"; EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
  const [live, dev] = await Promise.all([withSchema(statements, (url) => read(url)), withSchema([...createOthers, ...statements.map(named)], (url) => read(url))]);
  const map = new Map(Object.entries(roles).map(([key, role]) => [others[key as keyof typeof roles], role]));
  const compared = (roleName?: (role: string) => string): number => compareSnapshots(toSnapshot(dev, roleName), toSnapshot(live)).differences.length;
  expect(compared((role) => map.get(role) ?? role)).toBe(0);
  expect(compared()).toBeGreaterThan(20);
});
