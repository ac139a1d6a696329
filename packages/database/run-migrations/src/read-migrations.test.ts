import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isScriptError, type ScriptError } from "@org/exit-codes";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { checksumOf, readMigrations, type MigrationCollection } from "./index.ts";
import type { ReadMigrationsOptions } from "./read-migrations.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

async function withFiles<T>(files: Files, work: (folder: string) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return work(folder);
  });
}

const read = async (files: Files, options?: ReadMigrationsOptions): Promise<MigrationCollection> =>
  withFiles(files, (folder) => readMigrations(folder, options));

async function problem(work: Promise<unknown>): Promise<ScriptError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isScriptError(error)) throw new Error(`a ScriptError was expected, not ${String(error)}`);
  return error;
}

const summary = ({ layout, migrations }: MigrationCollection): unknown => [
  layout,
  ...migrations.map(({ version, name, file, down }) => [version, name, file, down?.file].filter(Boolean).join(" ")),
];

test("numbered files, padded or not, are in numeric order", async () => {
  const files = { "10_c.sql": "select 1", "9_b.sql": "select 1", "0002-a.sql": "select 1", "0001.sql": "select 1" };
  expect(summary(await read(files))).toEqual(["files", "1 0001 0001.sql", "2 a 0002-a.sql", "9 b 9_b.sql", "10 c 10_c.sql"]);
});

test("timestamps with and without separators", async () => {
  const files = { "2024-01-31-120000_b.sql": "select 1", "20240131_115959_a.sql": "select 1", "20240131120001_c.sql": "select 1" };
  expect(summary(await read(files))).toEqual([
    "files",
    "20240131115959 a 20240131_115959_a.sql",
    "20240131120000 b 2024-01-31-120000_b.sql",
    "20240131120001 c 20240131120001_c.sql",
  ]);
});

test("pairs of files, where the way back may be missing", async () => {
  const files = { "1_a.up.sql": "select 1", "1_a.down.sql": "select 2", "2_b.up.sql": "select 3" };
  const collection = await read(files);
  expect(summary(collection)).toEqual(["pairs", "1 a 1_a.up.sql 1_a.down.sql", "2 b 2_b.up.sql"]);
  expect(collection.migrations[0]).toMatchObject({ sql: "select 1", down: { sql: "select 2" } });
});

test("a folder for each migration, of both kinds", async () => {
  expect(summary(await read({ "01_init/migration.sql": "select 1", "02_more/migration.sql": "select 1", "migration_lock.toml": "x" }))).toEqual([
    "folders",
    "1 init 01_init/migration.sql",
    "2 more 02_more/migration.sql",
  ]);
  expect(summary(await read({ "2024-01-31-120000_x/up.sql": "select 1", "2024-01-31-120000_x/down.sql": "select 1" }))).toEqual([
    "folder-pairs",
    "20240131120000 x 2024-01-31-120000_x/up.sql 2024-01-31-120000_x/down.sql",
  ]);
});

test("what is no SQL file is ignored and named at debug", async () => {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const logger = { debug: note, info: note, warning: note, error: note };
  await read({ "1_a.sql": "select 1", "README.md": "x", ".1_a.sql.swp": "x", "._2_b.sql": "x", "docs/plan.txt": "x" }, { logger });
  expect(lines.join("\n")).toMatch(/Ignored README\.md/);
  expect(lines.join("\n")).toMatch(/Ignored docs\/plan\.txt/);
  expect(lines.join("\n")).toMatch(/Ignored \._2_b\.sql/);
  expect(lines.join("\n")).toMatch(/layout files/);
});

test("versions of Flyway, of several parts and in their order", async () => {
  const files = { "V1__a.sql": "select 1", "U1__a.sql": "select 2", "V1.10__c.sql": "select 1", "V1_9__b.sql": "select 1", "V2__d.sql": "select 1" };
  expect(summary(await read(files))).toEqual(["flyway", "1 a V1__a.sql U1__a.sql", "1.9 b V1_9__b.sql", "1.10 c V1.10__c.sql", "2 d V2__d.sql"]);
});

test("one file with both ways, where lines keep their numbers", async () => {
  const files = {
    "1_a.sql": "-- of users\n-- migrate:up\ncreate table a ();\n\n-- migrate:down\ndrop table a;\n",
    "2_b.sql": "-- migrate:up transaction:false\nvacuum;\n-- migrate:down\n",
  };
  const collection = await read(files);
  expect(summary(collection)).toEqual(["sections", "1 a 1_a.sql 1_a.sql", "2 b 2_b.sql"]);
  expect(collection.migrations[0]).toMatchObject({ sql: "\n\ncreate table a ();\n\n", down: { sql: "\n\n\n\n\ndrop table a;\n" } });
  expect(collection.migrations[1]!.sql).toBe("-- no-transaction\nvacuum;\n");
  const edited = await read({ ...files, "1_a.sql": "-- migrate:up\ncreate table a ();\n-- migrate:down\ndrop table if exists a;\n" });
  expect(edited.migrations[0]!.checksum).toBe(collection.migrations[0]!.checksum);
  expect(summary(await read(files, { layout: "files" }))).toEqual(["files", "1 a 1_a.sql", "2 b 2_b.sql"]);
});

test("marks that make no sense are problems", async () => {
  const error = await problem(read({ "1_a.sql": "-- migrate:up\nselect 1", "2_b.sql": "select 1", "3_c.sql": "-- migrate:down\nx\n-- migrate:up\ny", "4_d.sql": "-- migrate:up\n-- migrate:down\nx" }));
  expect(error.message).toMatch(/2_b\.sql: it has no line "-- migrate:up"/);
  expect(error.message).toMatch(/3_c\.sql: its marks are "down up" where "up" or "up down" belongs/);
  expect(error.message).toMatch(/4_d\.sql: there is nothing below its line "-- migrate:up"/);
});

test("a gap is a problem where the sequence is strict", async () => {
  const files = { "1_a.sql": "x", "2_b.sql": "x", "4_d.sql": "x" };
  expect((await read(files)).migrations).toHaveLength(3);
  expect((await problem(read(files, { strictSequence: true }))).message).toMatch(/4_d\.sql: version 3 is missing after 2_b\.sql/);
  expect((await read({ "01_a.sql": "x", "02_b.sql": "x" }, { strictSequence: true })).migrations).toHaveLength(2);
});

test("every problem is reported at once, each with its file", async () => {
  const error = await problem(
    read({
      "1_a.sql": "select 1",
      "01_b.sql": "select 1",
      "2_empty.sql": " \n",
      "3_latin.sql": Uint8Array.from([0x73, 0xe9, 0x6c]),
      "4_nul.sql": "select 1;\0select 2",
      "seed.sql": "select 1",
      "5_e.down.sql": "select 1",
      "old/6_f.sql": "select 1",
    }),
  );
  expect(error.code).toBe("configuration");
  expect(error.message).toMatch(/01_b\.sql and 1_a\.sql have one version, 1/);
  expect(error.message).toMatch(/2_empty\.sql: it is empty/);
  expect(error.message).toMatch(/3_latin\.sql: it is not valid UTF-8/);
  expect(error.message).toMatch(/4_nul\.sql: it contains a NUL/);
  expect(error.message).toMatch(/seed\.sql: its name is not that of a migration/);
  expect(error.message).toMatch(/5_e\.down\.sql: it belongs to the layout "pairs"/);
  expect(error.message).toMatch(/old\/6_f\.sql: its name/);
});

test("a way back without a way there is a problem", async () => {
  expect((await problem(read({ "1_a.up.sql": "x", "2_b.down.sql": "x" }))).message).toMatch(/2_b\.down\.sql: it undoes version 2/);
});

test("a layout that is given is the one that counts", async () => {
  const error = await problem(read({ "1_a.sql": "select 1" }, { layout: "pairs" }));
  expect(error.message).toMatch(/1_a\.sql: it belongs to the layout "files"; here the layout is "pairs"/);
  expect(error.hint).toMatch(/named like 1_create_users\.up\.sql and 1_create_users\.down\.sql\./u);
});

test("no migration, no directory and a file in its place are told apart", async () => {
  expect((await problem(read({ "README.md": "x" }))).message).toMatch(/holds no migration$/);
  expect((await problem(read({ "schema.sql": "x" }))).message).toMatch(/holds no migration; schema\.sql is not named like one/);
  expect((await problem(readMigrations("/nowhere/at/all"))).message).toMatch(/it does not exist/);
  const notDirectory = withFiles({ "x.sql": "x" }, (folder) => readMigrations(join(folder, "x.sql")));
  expect((await problem(notDirectory)).message).toMatch(/it is not a directory/);
});

test("a folder named like a file, links and hostile names are read as what they are", async () => {
  await withFiles({ "1_a.sql/readme.txt": "x", "2_it's \"$$; drop.sql": "select 1", "3_new\nline.sql": "select 1" }, async (folder) => {
    await writeFile(join(folder, "target.txt"), "select 4");
    await symlink(join(folder, "target.txt"), join(folder, "4_link.sql"));
    const { migrations } = await readMigrations(folder);
    expect(migrations.map(({ name }) => name)).toEqual(["it's \"$$; drop", "new\nline", "link"]);
    await symlink("/nowhere", join(folder, "5_broken.sql"));
    expect((await problem(readMigrations(folder))).message).toMatch(/5_broken\.sql: ENOENT/);
  });
});

test("the checksum ignores line ends and the byte order mark, and nothing else", async () => {
  expect(checksumOf("a\r\nb\r\n\r\n")).toBe(checksumOf("a\nb"));
  expect(checksumOf("a\nb ")).not.toBe(checksumOf("a\nb"));
  const { migrations } = await read({ "1_a.sql": "select 1;\n", "2_b.sql": "\ufeffselect 1;" });
  expect(migrations[0]!.checksum).toBe(migrations[1]!.checksum);
  expect(migrations[1]!.sql).toBe("select 1;");
});
