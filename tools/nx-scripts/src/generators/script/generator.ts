import { join } from "node:path";
import { generateFiles, names, output, readJson, writeJson, type GeneratorCallback, type Tree } from "@nx/devkit";
import { installPackages } from "../install-packages.ts";

/** What `nx g script` is asked for; `schema.json` says the same. */
export interface ScriptOptions {
  /** `category/name`. */
  readonly path: string;
  readonly summary: string;
  readonly target: string;
  readonly after: readonly string[];
  readonly services: readonly string[];
  readonly permission: string;
}

/** Makes a script package that passes every check of the repository, and finds nothing yet: its only check is unknown. */
export function generateScript(tree: Tree, options: ScriptOptions): GeneratorCallback {
  const [category = "", name = ""] = options.path.split("/");
  const folder = `packages/${options.path}`;
  if (tree.exists(folder)) throw new Error(`${folder} exists already.`);
  const scope = readJson<{ name: string }>(tree, "tools/nx-scripts/package.json").name.split("/")[0] ?? "";
  const runtime = readJson<{ version: string; repository: { url: string } }>(tree, "packages/core/script/package.json");
  generateFiles(tree, join(import.meta.dirname, "files"), folder, {
    ...names(name),
    name,
    category,
    scope,
    summary: options.summary,
    range: `^${runtime.version}`,
    repository: runtime.repository.url,
    website: runtime.repository.url.replace(/^git\+/, "").replace(/\.git$/, ""),
  });
  writeJson(tree, `${folder}/script.json`, manifest(options));
  tree.write(`${folder}/LICENSE`, tree.read("LICENSE") ?? "");
  tree.changePermissions(`${folder}/bin/${name}.js`, "755");
  tree.write(`.changeset/${name}.md`, `---\n"${scope}/${name}": minor\n---\n\n${options.summary}.\n`);
  return () => {
    installPackages(tree.root);
    output.log({ title: `${scope}/${name} is there`, bodyLines: ["Write its checks in src, then run `npm run docs` for the READMEs."] });
  };
}

function manifest({ summary, target, after, services, permission }: ScriptOptions): object {
  return { summary, target, after, services, permission, expected: "5s", timeout: "30s", ...(target === "verify" ? { report: "verification_report" } : {}) };
}
