import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, renameSync } from "node:fs";
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
  /** Libraries that are left out of that file because few runs need them: a start reads all of the file. They are beside it. */
  readonly bundledApart?: readonly string[];
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as PackageJson;
const { resolve: find } = createRequire(resolve("package.json"));

/** The source of everything that the package exports to its users. */
function entries(): Record<string, string> {
  const sources = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" || target.default === undefined ? [] : (target["@org/source"] ?? [])));
  const bin = existsSync("src/bin.ts") && manifest.bundledBin !== true ? { bin: "src/bin.ts" } : {};
  return { ...Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\/(.*)\.ts$/u, "$1"), source])), ...bin };
}

function sourceOf(library: string, file: string): string {
  return join(dirname(find(`${library}/package.json`)), "src", file);
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
  const bundle: Options = { ...common, config: false, format: ["cjs"], outDir, splitting: false, clean: false, noExternal: [/./u], external: ["pg-native"], removeNodeProtocol: false, minify: true };
  await build({ ...bundle, entry: apart });
  const wrapper = { banner: { js: "(function (exports, require, module, __filename, __dirname) {" }, footer: { js: "})" } };
  await build({ ...bundle, ...wrapper, entry: { bin: "src/bin.ts" }, esbuildPlugins: [loadOnDemand] });
  // By itself it does nothing, so it has no ending that invites to run it.
  renameSync(join(outDir, "bin.cjs"), join(outDir, "bin.code"));
  const code = readFileSync(join(outDir, "bin.code"), "utf8");
  if (/\bimport\(/u.test(code)) throw new Error(`${join(outDir, "bin.code")} imports dynamically, which its loader cannot do: see loadOnDemand`);
  const version = createHash("sha256").update(code).digest("hex").slice(0, 16);
  await build({ ...bundle, entry: { launch: sourceOf("@org/script", "launch.ts") }, define: { BIN_VERSION: JSON.stringify(version) } });
}

/** What is a file of its own beside the bin: the import of a file that nobody knows before, and libraries. */
const apart: Readonly<Record<string, string>> = {
  "import-file": sourceOf("@org/env", "import-file.ts"),
  ...Object.fromEntries((manifest.bundledApart ?? []).map((library) => [library, find(library)])),
};

/** What the bin needs in few runs is loaded in those, and all by require. */
const loadOnDemand: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "load-on-demand",
  setup: (builder) => {
    const anything = new RegExp(".");
    builder.onResolve({ filter: anything }, ({ path, importer, kind }) => {
      const name = path.replace(/^\.\/(.*)\.ts$/u, "$1");
      if (name in apart) return { path: `./${name}.cjs`, namespace: "required" };
      if (kind === "dynamic-import" && path.startsWith("node:")) return { path, namespace: "required" };
      // Commander starts programs for subcommands that are programs, which no script has.
      return path === "node:child_process" && /[\\/]commander[\\/]/u.test(importer) ? { path, namespace: "commander" } : undefined;
    });
    builder.onResolve({ filter: anything, namespace: "required" }, ({ path }) => ({ path, external: true }));
    builder.onLoad({ filter: anything, namespace: "required" }, ({ path }) => ({ contents: `module.exports = require("${path}");` }));
    builder.onLoad({ filter: anything, namespace: "commander" }, () => ({ contents: 'module.exports = { get spawn() { return require("node:child_process").spawn; } };' }));
  },
};

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
