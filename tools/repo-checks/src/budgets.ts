import { execFile } from "node:child_process";
import { globSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packAll, tarballsOf } from "./packed.ts";
import { closure, readJson, type Package, type Problem } from "./workspace.ts";

/** What a user gets when installing one script. */
export interface Footprint {
  readonly packages: number;
  /** Millions of bytes. */
  readonly megabytes: number;
}

const budgets = {
  database: { packages: 20, megabytes: 4 },
  client: { packages: 45, megabytes: 8 },
  specialist: { packages: 80, megabytes: 30 },
} as const satisfies Record<string, Footprint>;

const specialistCategories = ["benchmarks", "security"];
// The drift check compares schemas with a library of its own.
const specialists = ["validate-schema-consistency"];

/** Packs everything, installs each script into an empty folder and measures it; problems and one line for each script. */
export async function checkBudgets(root: string, packages: readonly Package[]): Promise<{ problems: Problem[]; lines: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "budgets-"));
  try {
    const tarballs = await packAll(root, packages, folder);
    const [problems, lines]: [Problem[], string[]] = [[], []];
    for (const pkg of packages.filter((each) => each.manifest !== undefined)) {
      const footprint = await install(join(folder, pkg.directory), tarballsOf(pkg, packages, tarballs));
      const budget = budgetOf(pkg, packages);
      lines.push(`${pkg.json.name}: ${describe(footprint)} of ${describe(budget)}`);
      if (!fits(footprint, budget)) problems.push({ where: pkg.folder, what: `installs ${describe(footprint)}; its budget is ${describe(budget)}.` });
    }
    return { problems, lines };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The budget of a script by what it depends on. */
export function budgetOf(pkg: Package, packages: readonly Package[]): Footprint {
  if (specialistCategories.includes(pkg.category) || specialists.includes(pkg.directory)) return budgets.specialist;
  const clients = closure(pkg, packages).flatMap((each) => Object.keys({ ...each.json.dependencies, ...each.json.devDependencies }));
  return clients.includes("ioredis") || clients.includes("execa") ? budgets.client : budgets.database;
}

export function fits(footprint: Footprint, budget: Footprint): boolean {
  return footprint.packages <= budget.packages && footprint.megabytes <= budget.megabytes;
}

async function install(folder: string, tarballs: readonly string[]): Promise<Footprint> {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await promisify(execFile)("npm", ["install", ...flags, ...tarballs], { cwd: folder, maxBuffer: 2 ** 26 });
  const installed = readJson(join(folder, "node_modules/.package-lock.json")) as { packages: object };
  return { packages: Object.keys(installed.packages).length, megabytes: sizeOf(join(folder, "node_modules")) / 1e6 };
}

function sizeOf(folder: string): number {
  const files = globSync("**/*", { cwd: folder }).map((file) => lstatSync(join(folder, file)));
  return files.filter((file) => file.isFile()).reduce((total, file) => total + file.size, 0);
}

function describe({ packages, megabytes }: Footprint): string {
  return `${packages} packages, ${megabytes.toFixed(1)} MB`;
}
