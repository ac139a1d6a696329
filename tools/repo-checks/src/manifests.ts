import { join } from "node:path";
import { readJson, type Package, type Problem } from "./workspace.ts";

const services = ["postgres", "supabase", "dragonfly"];
const permissions = ["read", "write", "admin"];
const reports = ["migration_status", "verification_report", "benchmark_results", "security_audit"];
const keys = ["summary", "target", "after", "waitsFor", "services", "permission", "expected", "timeout", "report"];

/** Every `script.json` holds the known keys with known words, and names only scripts that exist. */
export function checkManifests(root: string, packages: readonly Package[]): Problem[] {
  const scripts = packages.filter((pkg) => pkg.manifest !== undefined);
  return scripts.flatMap((pkg) => manifestProblems(pkg, scripts, readJson(join(root, pkg.folder, "script.json")) as object));
}

function manifestProblems(pkg: Package, scripts: readonly Package[], written: object): Problem[] {
  const { manifest } = pkg;
  if (manifest === undefined) return [];
  const waitsFor = manifest.waitsFor ?? [];
  return [
    ...Object.keys(written).filter((key) => !keys.includes(key)).map((key) => `unknown key "${key}".`),
    ...(/^[A-Z].*[^.]$/.test(manifest.summary) ? [] : ["the summary is no sentence without a full stop."]),
    ...[...manifest.after, ...waitsFor].filter((name) => !scripts.some((other) => other.directory === name)).map((name) => `there is no script "${name}".`),
    ...waitsFor.filter((name) => scripts.some((other) => other.directory === name && other.manifest?.target !== manifest.target)).map((name) => `waitsFor names "${name}", whose target is another.`),
    ...manifest.services.filter((service) => !services.includes(service)).map((service) => `unknown service "${service}".`),
    ...(permissions.includes(manifest.permission) ? [] : [`unknown permission "${manifest.permission}".`]),
    ...[manifest.expected, manifest.timeout].filter((time) => !/^\d+(ms|s|m|h)$/.test(time)).map((time) => `"${time}" is no duration.`),
    ...(manifest.report === undefined || reports.includes(manifest.report) ? [] : [`unknown report "${manifest.report}".`]),
  ].map((what) => ({ where: `${pkg.folder}/script.json`, what }));
}
