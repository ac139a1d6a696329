import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";
import { defineConfig } from "tsup";

type Exports = Readonly<Record<string, string | { readonly "@org/source"?: string }>>;

interface PackageJson {
  readonly exports: Exports;
  /** Files, such as WebAssembly, that a bundled library reads from the folder that its code is in. */
  readonly bundledFiles?: readonly string[];
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as PackageJson;

/** The source of everything that the package exports. */
function entries(): string[] {
  return Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [] : (target["@org/source"] ?? [])));
}

function copyBundledFiles(): void {
  const { resolve: find } = createRequire(resolve("package.json"));
  for (const file of manifest.bundledFiles ?? []) copyFileSync(find(file), `dist/${basename(file)}`);
}

// One recipe for every package; it runs with the package as working directory.
// What a package lists under devDependencies is bundled, so that users install few packages.
export default defineConfig({
  entry: [...entries(), ...(existsSync("src/bin.ts") ? ["src/bin.ts"] : [])],
  format: ["esm"],
  target: "node22",
  platform: "node",
  splitting: true,
  dts: false,
  clean: true,
  silent: true,
  // Bundled CommonJS packages look beside __dirname for their files.
  shims: true,
  onSuccess: async () => copyBundledFiles(),
  // A package of this workspace is bundled from its source: its build has a banner of its own already.
  esbuildOptions: (options) => {
    options.conditions = ["@org/source", "module"];
  },
  // Bundled CommonJS packages call require for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
