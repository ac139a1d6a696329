// node --conditions=@org/source src/testing/compare-with-psql.ts <folder>...: whether a collection makes the same schema as psql.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withClient } from "@org/postgres";
import { pgDump, psqlFile, withScratchDatabase, withTempFolder } from "@org/testkit";
import { applyMigrations, readMigrations } from "../index.ts";

export interface Compared {
  readonly layout: string;
  readonly files: number;
  /** `pg_dump --schema-only` after the runner and after psql. */
  readonly ours: string;
  readonly psql: string;
}

/** Applies a folder to one empty database, and its files with psql, each in a session of its own, to another one. */
export async function compareWithPsql(folder: string): Promise<Compared> {
  const collection = await readMigrations(folder);
  const ours = await withScratchDatabase(async (url) => {
    await withClient({ url, applicationName: "test" }, (client) => applyMigrations({ client, collection, history: null }));
    return dump(url);
  });
  const psql = await withScratchDatabase((url) =>
    withTempFolder(async (temporary) => {
      const file = join(temporary, "up.sql");
      for (const { sql } of collection.migrations) await writeFile(file, sql).then(() => psqlFile(url, file));
      return dump(url);
    }),
  );
  return { layout: collection.layout, files: collection.migrations.length, ours, psql };
}

/** Without the lines that a newer pg_dump writes with a new key each time. */
async function dump(url: string): Promise<string> {
  return (await pgDump(url, ["--schema-only"])).replaceAll(/^\\(?:un)?restrict .*$/gmu, "");
}

if (import.meta.main) {
  for (const folder of process.argv.slice(2)) {
    const { layout, files, ours, psql } = await compareWithPsql(folder);
    process.stdout.write(`${folder}: ${files} files, layout ${layout}: ${ours === psql ? "the same schema as psql" : "ANOTHER schema than psql"}\n`);
    if (ours !== psql) process.exitCode = 1;
  }
}
