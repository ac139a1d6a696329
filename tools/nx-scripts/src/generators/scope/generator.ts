import { readJson, visitNotIgnoredFiles, type GeneratorCallback, type Tree } from "@nx/devkit";
import { installPackages } from "../install-packages.ts";

/** What `nx g scope` is asked for; `schema.json` says the same. */
export interface ScopeOptions {
  /** Without its sign. */
  readonly scope: string;
}

/**
 * Renames the scope everywhere: package names, imports, the export condition, documents, settings and the lock file.
 * Throws when packages of others with the new scope are installed, which could not be told from our own any more.
 */
export function renameScope(tree: Tree, { scope }: ScopeOptions): GeneratorCallback {
  const old = readJson<{ name: string }>(tree, "tools/nx-scripts/package.json").name.split("/")[0] ?? "";
  refuseForeignScope(tree, `@${scope}`);
  // Not inside of another word, such as an address or a longer scope.
  const pattern = new RegExp(`(?<![\\w.@-])${old}(?![\\w-])`, "g");
  visitNotIgnoredFiles(tree, ".", (file) => {
    const bytes = tree.read(file);
    if (bytes === null || bytes.includes(0)) return;
    const text = bytes.toString("utf8");
    const renamed = text.replaceAll(pattern, `@${scope}`);
    if (renamed !== text) tree.write(file, renamed);
  });
  return () => installPackages(tree.root);
}

function refuseForeignScope(tree: Tree, scope: string): void {
  const { packages } = readJson<{ packages: Record<string, { link?: boolean }> }>(tree, "package-lock.json");
  const foreign = Object.keys(packages).find((name) => name.startsWith(`node_modules/${scope}/`) && packages[name]?.link !== true);
  if (foreign !== undefined) throw new Error(`${scope} is the scope of a dependency (${foreign.slice("node_modules/".length)}): choose another one.`);
}
