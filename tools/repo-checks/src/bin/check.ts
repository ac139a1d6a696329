// `check.ts <check...> [--fix]`: runs checks of the repository, prints what they found, and fails if they found anything.
import { checkBoundaries } from "../boundaries.ts";
import { checkBudgets } from "../budgets.ts";
import { checkLockFile } from "../lock-file.ts";
import { checkManifests } from "../manifests.ts";
import { checkPackageNorm } from "../package-norm.ts";
import { checkPublishing } from "../publishing.ts";
import { checkReadmes } from "../readme.ts";
import { readPackages, type Problem } from "../workspace.ts";

const root = process.cwd();
const fix = process.argv.includes("--fix");
const packages = readPackages(root);

const checks: Readonly<Record<string, () => readonly Problem[] | Promise<readonly Problem[]>>> = {
  boundaries: () => checkBoundaries(root, packages),
  budgets: async () => {
    const { lines, problems } = await checkBudgets(root, packages);
    process.stdout.write(`${lines.join("\n")}\n`);
    return problems;
  },
  lock: () => checkLockFile(root),
  manifests: () => checkManifests(root, packages),
  norm: () => checkPackageNorm(root, packages),
  publishing: () => checkPublishing(root),
  readmes: () => checkReadmes(root, packages, { fix }),
};

const names = process.argv.slice(2).filter((argument) => argument !== "--fix");
const unknown = names.filter((name) => checks[name] === undefined);
if (names.length === 0 || unknown.length > 0) {
  process.stderr.write(`There is no check "${unknown.join('", "')}". The checks are ${Object.keys(checks).join(", ")}.\n`);
  process.exitCode = 3;
}
for (const name of unknown.length > 0 ? [] : names) {
  const problems = (await checks[name]?.()) ?? [];
  for (const { where, what } of problems) process.stdout.write(`${where}: ${what}\n`);
  process.stdout.write(`${name}: ${problems.length === 0 ? "nothing to report" : `${problems.length} found`}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
