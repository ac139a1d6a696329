import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { readJson, type Problem } from "./workspace.ts";

interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * `npm ci` works on every platform when the lock names every optional dependency, also those of other systems, which
 * `npm install` silently drops when the registry does not hold them; and when it agrees with the package.json files.
 */
export function checkLockFile(root: string): Problem[] {
  const lock = readJson(join(root, "package-lock.json")) as LockFile;
  const entries = Object.entries(lock.packages).filter(([, entry]) => entry.link !== true);
  const workspaces = globSync(["packages/*/*/package.json", "tools/*/package.json"], { cwd: root }).map((file) => dirname(file));
  return [
    ...workspaces.filter((at) => lock.packages[at] === undefined).map((at) => `${at} has no entry.`),
    ...entries.flatMap(([at, entry]) => unresolved(lock, at, entry)),
    ...entries.filter(([at]) => !at.includes("node_modules/")).flatMap(([at, entry]) => disagreements(root, at, entry)),
  ].map((what) => ({ where: "package-lock.json", what }));
}

function unresolved(lock: LockFile, at: string, entry: LockedPackage): string[] {
  return Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !resolves(lock, at, name))
    .map(([name, range]) => `${at} needs ${name}@${range} on another platform, and has no entry for it.`);
}

// As Node looks for a package: in the node_modules of the folder, then of every folder above.
function resolves(lock: LockFile, from: string, name: string): boolean {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, "")) {
    if (lock.packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === "" || !at.includes("node_modules/")) return at !== "" && resolves(lock, "", name);
  }
}

function disagreements(root: string, at: string, entry: LockedPackage): string[] {
  const manifest = readJson(join(root, at, "package.json")) as LockedPackage;
  return (["dependencies", "devDependencies", "optionalDependencies"] as const).flatMap((kind) => {
    const written = Object.entries(manifest[kind] ?? {});
    const locked = entry[kind] ?? {};
    return [
      ...written.filter(([name, range]) => locked[name] !== range).map(([name, range]) => `${at || "the root"}: ${kind} has ${name}@${range}, the lock has ${locked[name] ?? "nothing"}.`),
      ...Object.keys(locked).filter((name) => !written.some(([other]) => other === name)).map((name) => `${at || "the root"}: the lock has ${name}, ${kind} has not.`),
    ];
  });
}
