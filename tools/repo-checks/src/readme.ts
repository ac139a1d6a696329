import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { replaceSection } from "./marked-section.ts";
import { binOf, type Package, type Problem } from "./workspace.ts";

/** A generated section of a README. */
interface Section {
  readonly file: string;
  readonly name: string;
  readonly content: string;
}

export interface ReadmeOptions {
  /** Writes the sections instead of reporting them. */
  readonly fix: boolean;
}

/**
 * The generated parts of the READMEs say what the code says: the table of scripts in the root README (from the
 * manifests), and the usage in the README of each script (from `--help` of the built bin).
 */
export async function checkReadmes(root: string, packages: readonly Package[], { fix }: ReadmeOptions): Promise<Problem[]> {
  const scripts = packages.filter((pkg) => pkg.manifest !== undefined);
  const table = { file: "README.md", name: "scripts", content: scriptTable(scripts) };
  const usages = await Promise.all(scripts.map((pkg) => checkUsage(root, pkg, fix)));
  return [...checkSection(root, table, fix), ...usages.flat(), ...packages.flatMap((pkg) => mentions(root, pkg))];
}

async function checkUsage(root: string, pkg: Package, fix: boolean): Promise<Problem[]> {
  const bin = `${pkg.folder}/${binOf(pkg)}`;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, bin), "--help"], { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
    return checkSection(root, { file: `${pkg.folder}/README.md`, name: "usage", content: `\`\`\`text\n${stdout.trim()}\n\`\`\`` }, fix);
  } catch (error) {
    return [{ where: bin, what: `cannot print its usage: ${String(error)}` }];
  }
}

function checkSection(root: string, { file, name, content }: Section, fix: boolean): Problem[] {
  if (!existsSync(join(root, file))) return [{ where: file, what: "is missing." }];
  const text = readFileSync(join(root, file), "utf8");
  const wanted = replaceSection(text, name, content);
  if (wanted === undefined) return [{ where: file, what: `has no section between <!-- ${name} --> and <!-- /${name} -->.` }];
  if (wanted === text) return [];
  if (!fix) return [{ where: file, what: `the section "${name}" is out of date: run npm run docs.` }];
  writeFileSync(join(root, file), wanted);
  return [];
}

/** The table of scripts: what it is for, how the graph runs it, what it needs and how long it may take. */
export function scriptTable(scripts: readonly Package[]): string {
  const rows = scripts.map(({ folder, directory, manifest }) => {
    if (manifest === undefined) return "";
    const cells = [`[${directory}](${folder})`, manifest.summary, `\`${manifest.target}\``, list(manifest.after), list(manifest.services), manifest.permission, `${manifest.expected} / ${manifest.timeout}`];
    return `| ${cells.join(" | ")} |`;
  });
  return ["| script | what it does | target | after | services | permission | expected / timeout |", "|---|---|---|---|---|---|---|", ...rows].join("\n");
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "-" : names.join(", ");
}

// What a reader of any package's README must find: its name to install or run, and for a script the import and the codes.
function mentions(root: string, pkg: Package): Problem[] {
  const file = `${pkg.folder}/README.md`;
  if (!existsSync(join(root, file))) return [];
  const text = readFileSync(join(root, file), "utf8");
  const needed = pkg.manifest === undefined ? [pkg.json.name] : [`npx ${pkg.json.name}`, `from "${pkg.json.name}"`, "## Exit codes"];
  return needed.filter((words) => !text.includes(words)).map((words) => ({ where: file, what: `does not hold ${words}.` }));
}
