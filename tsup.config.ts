import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { build, defineConfig, type Options } from "tsup";

type Exports = Readonly<Record<string, string | { readonly "@org/source"?: string; readonly default?: string }>>;

interface PackageJson {
  readonly exports: Exports;
  /** Files, such as WebAssembly, that a bundled library reads from the folder that its code is in. */
  readonly bundledFiles?: readonly string[];
  /** Whether the bin is one CommonJS file with all that it imports, which starts sooner than many modules. */
  readonly bundledBin?: boolean;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as PackageJson;
const { resolve: find } = createRequire(resolve("package.json"));

/** The source of everything that the package exports to its users. */
function entries(): Record<string, string> {
  const sources = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" || target.default === undefined ? [] : (target["@org/source"] ?? [])));
  const bin = existsSync("src/bin.ts") && manifest.bundledBin !== true ? { bin: "src/bin.ts" } : {};
  return { ...Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\/(.*)\.ts$/u, "$1"), source])), ...bin };
}

function launcher(): string {
  return join(dirname(find("@org/script/package.json")), "src/launch.ts");
}

function copyBundledFiles(folder: string): void {
  for (const file of manifest.bundledFiles ?? []) copyFileSync(find(file), join(folder, basename(file)));
}

const common: Options = {
  target: "node22",
  platform: "node",
  dts: false,
  silent: true,
  // Bundled CommonJS packages look beside __dirname for their files.
  shims: true,
  esbuildOptions: (options) => {
    // A package of this workspace is bundled from its source: its build has a banner of its own already.
    options.conditions = ["@org/source", "module"];
    // Beside a bin with everything in it, what is imported has to be small: the installed size has a budget.
    options.minifyWhitespace = manifest.bundledBin === true;
  },
};

// CommonJS, because Node loads a hundred modules of its own and of ours sooner by require than by import; minified for the same budget.
async function bundleBin(outDir: string): Promise<void> {
  const entry = { bin: "src/bin.ts", launch: launcher() };
  await build({ ...common, config: false, entry, format: ["cjs"], outDir, splitting: false, clean: false, noExternal: [/./u], external: ["pg-native"], minify: true });
}

// One recipe for every package; it runs with the package as working directory.
// What a package lists under devDependencies is bundled, so that users install few packages.
export default defineConfig(({ outDir = "dist" }) => ({
  ...common,
  entry: entries(),
  format: ["esm"],
  splitting: true,
  clean: true,
  onSuccess: async () => {
    if (manifest.bundledBin === true) await bundleBin(outDir);
    copyBundledFiles(outDir);
  },
  // Bundled CommonJS packages call require for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
}));
