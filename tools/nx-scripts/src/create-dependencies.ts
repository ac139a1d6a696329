import { DependencyType, type CreateDependencies, type RawProjectGraphDependency } from "@nx/devkit";
import { readPackages, type WorkspacePackage } from "./packages.ts";

/** The edges of the matrix: each script to the scripts of its `after`. */
export const createDependencies: CreateDependencies = (_options, context) => {
  const files = Object.values(context.projects).map((project) => `${project.root}/package.json`);
  const packages = readPackages(context.workspaceRoot, files);
  const nameOf = new Map(packages.map((pkg) => [pkg.directory, pkg.name]));
  return packages.flatMap((pkg) => edges(pkg, nameOf));
};

function edges(pkg: WorkspacePackage, nameOf: ReadonlyMap<string, string>): RawProjectGraphDependency[] {
  return (pkg.manifest?.after ?? []).map((name) => {
    const target = nameOf.get(name);
    if (target === undefined) throw new Error(`${pkg.root}/script.json: "after" names "${name}", but there is no such script.`);
    return { source: pkg.name, target, sourceFile: `${pkg.root}/script.json`, type: DependencyType.static };
  });
}
