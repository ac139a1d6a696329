import { createNodesFromFiles, type CreateNodes } from "@nx/devkit";
import { readPackages, type WorkspacePackage } from "./packages.ts";
import { packageTargets, scriptTargets, type Scripts } from "./targets.ts";

/** Targets and tags of every package, from its `package.json` and, for a script, its `script.json`. */
export const createNodes: CreateNodes = [
  "{packages/*/*,tools/*}/package.json",
  (files, options, context) => {
    const packages = readPackages(context.workspaceRoot, files);
    const scripts: Scripts = new Map(packages.filter((pkg) => pkg.manifest !== undefined).map((pkg) => [pkg.directory, pkg]));
    const byFile = new Map(packages.map((pkg) => [`${pkg.root}/package.json`, pkg]));
    return createNodesFromFiles((file) => node(byFile.get(file), scripts), files, options, context);
  },
];

function node(pkg: WorkspacePackage | undefined, scripts: Scripts): ReturnType<Parameters<typeof createNodesFromFiles>[0]> {
  if (pkg === undefined) return {};
  const { manifest, root } = pkg;
  return {
    projects: {
      [root]: {
        root,
        projectType: "library",
        tags: tags(pkg),
        targets: { ...packageTargets(pkg), ...(manifest === undefined ? {} : scriptTargets(pkg, manifest, scripts)) },
      },
    },
  };
}

function tags({ category, manifest }: WorkspacePackage): string[] {
  const ofScript = manifest === undefined ? [] : [`permission:${manifest.permission}`, ...manifest.services.map((service) => `service:${service}`)];
  return [`category:${category}`, ...ofScript];
}
