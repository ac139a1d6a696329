import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";
import { __wbg_set_wasm as attach } from "@prisma/schema-engine-wasm/schema_engine_bg";

/** Prisma's own engine for migrations, as WebAssembly, on one database. */
export async function openPrisma(url: string): Promise<glue.SchemaEngine> {
  await loadEngine();
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  return glue.SchemaEngine.new({ datamodels: [["schema.prisma", 'datasource db { provider = "postgresql" }']] }, () => {}, adapter);
}

/** Applies a folder as `prisma migrate deploy` does. */
export async function applyWithPrisma(engine: glue.SchemaEngine, folder: string): Promise<void> {
  await engine.applyMigrations({ migrationsList: await migrationList(folder), filters: { externalTables: [], externalEnums: [] } });
}

let loaded: Promise<void> | undefined;

async function loadEngine(): Promise<void> {
  loaded ??= instantiate();
  return loaded;
}

interface Wasm {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, () => void>> } }>;
}

async function instantiate(): Promise<void> {
  const glueFile = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const bytes = await readFile(glueFile.replace(/\.js$/u, ".wasm"));
  // Node has it; its types come with those of browsers, which are not loaded.
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Wasm };
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": glue });
  attach(instance.exports);
  instance.exports["__wbindgen_start"]!();
}

async function migrationList(folder: string): Promise<glue.MigrationList> {
  const names = (await readdir(folder)).toSorted();
  const migrationDirectories = await Promise.all(
    names.map(async (path) => {
      const value = await readFile(join(folder, path, "migration.sql"), "utf8");
      return { path, migrationFile: { path: "migration.sql", content: { tag: "ok" as const, value } } };
    }),
  );
  return { baseDir: folder, lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"' }, shadowDbInitScript: "", migrationDirectories };
}
