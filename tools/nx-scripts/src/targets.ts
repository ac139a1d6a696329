import type { TargetConfiguration } from "@nx/devkit";
import type { Manifest } from "@org/script";
import type { WorkspacePackage } from "./packages.ts";
import { testReport } from "./test-report.ts";

type Targets = Record<string, TargetConfiguration>;
type Dependency = NonNullable<TargetConfiguration["dependsOn"]>[number];

/** The scripts of a workspace by directory name. */
export type Scripts = ReadonlyMap<string, WorkspacePackage>;

const here = "tools/nx-scripts/src";
// Without the `--` Node itself would take the `--env-file` of a script.
const recorded = `node --import ./${here}/record-exit-code.ts --`;

/** `build`, `test` and, for what is published, `packaging` of one package; all cached. */
export function packageTargets(pkg: WorkspacePackage): Targets {
  const isTool = pkg.category === "tools";
  return { ...(isTool ? {} : { build: build(pkg), packaging: packaging(pkg) }), ...(pkg.hasTests ? { test: test(pkg) } : {}) };
}

/**
 * The target that runs a script on live services: never cached, in the workspace root, after the scripts of the same
 * target that its manifest names. A prerequisite of another target is left to the script: verification reads, setup
 * writes, so a `verify` never sets anything up.
 *
 * Nx skips every task that depends on a failed one, but `waitsFor` means "after these have ended, however they ended".
 * So a script that others wait for gets two targets: `<target>-attempt` runs it and succeeds when the script has ended,
 * `<target>` is the verdict and fails with the script's own exit code. Others wait for the attempt.
 */
export function scriptTargets(pkg: WorkspacePackage, manifest: Manifest, scripts: Scripts): Targets {
  const { target } = manifest;
  const live = liveTarget(pkg, manifest, scripts);
  if (!isAwaited(pkg, scripts)) return { [target]: live };
  const attempt = attemptOf(target);
  return {
    [attempt]: { ...live, options: { command: `node -- ${here}/attempt.ts ${bin(pkg)}`, forwardAllArgs: true } },
    [target]: {
      ...live,
      dependsOn: [{ target: attempt, params: "forward" }],
      options: { command: `${recorded} ${here}/verdict.ts`, forwardAllArgs: false },
    },
  };
}

/** The name of the target that runs a script without judging it. */
export function attemptOf(target: string): string {
  return `${target}-attempt`;
}

function build(pkg: WorkspacePackage): TargetConfiguration {
  return {
    executor: "nx:run-commands",
    cache: true,
    dependsOn: builds([...pkg.dependencies, ...bundledScripts(pkg)]),
    inputs: ["production", "^production"],
    outputs: ["{projectRoot}/dist"],
    options: {
      cwd: pkg.root,
      parallel: false,
      commands: [`tsup --config ${"../".repeat(pkg.root.split("/").length)}tsup.config.ts`, "tsc -p tsconfig.build.json"],
    },
  };
}

/** The scripts whose library the build takes into this package: it must have been built before. */
function bundledScripts({ manifest, devDependencies }: WorkspacePackage): string[] {
  return devDependencies.filter((name) => manifest?.after.includes(name.slice(name.indexOf("/") + 1)));
}

function packaging(pkg: WorkspacePackage): TargetConfiguration {
  return {
    executor: "nx:run-commands",
    cache: true,
    dependsOn: ["build"],
    inputs: ["production", "^production"],
    outputs: [],
    options: {
      cwd: pkg.root,
      parallel: false,
      commands: ["publint --strict", `attw --pack . --profile esm-only --exclude-entrypoints ${pkg.codelessEntries.join(" ")}`],
    },
  };
}

// The tests resolve packages to their sources, but start bins, which are built.
// The report is an output, so that the number of tests is known after a cache hit too.
function test(pkg: WorkspacePackage): TargetConfiguration {
  const report = testReport(pkg.directory);
  return {
    executor: "nx:run-commands",
    cache: true,
    dependsOn: ["build", ...builds([...pkg.dependencies, ...pkg.devDependencies])],
    inputs: ["default", "^production", "{workspaceRoot}/vitest.config.ts"],
    outputs: [`{workspaceRoot}/${report}`],
    options: { command: `vitest run --project ${pkg.name} --reporter=default --reporter=json --outputFile.json=${report}` },
  };
}

function liveTarget(pkg: WorkspacePackage, manifest: Manifest, scripts: Scripts): TargetConfiguration {
  const { target } = manifest;
  const after = manifest.after.filter((name) => scripts.get(name)?.manifest?.target === target);
  return {
    executor: "nx:run-commands",
    cache: false,
    inputs: [],
    outputs: [],
    parallelism: manifest.permission === "read",
    dependsOn: [
      "build",
      ...ended(after, target, scripts),
      // One attempt serves the script itself and those that wait for it, so the flags of the run reach it on both ways.
      ...(manifest.waitsFor ?? []).map((name) => dependency(scriptNamed(name, scripts), attemptOf(target), "forward")),
    ],
    options: {
      command: `${recorded} ${bin(pkg)}`,
      forwardAllArgs: true,
    },
    metadata: { description: manifest.summary },
  };
}

function bin(pkg: WorkspacePackage): string {
  if (pkg.bin === undefined) throw new Error(`${pkg.root}/package.json has no bin "${pkg.directory}".`);
  return `${pkg.root}/${pkg.bin}`;
}

function ended(names: readonly string[], target: string, scripts: Scripts): Dependency[] {
  return names.map((name) => dependency(scriptNamed(name, scripts), target));
}

function scriptNamed(name: string, scripts: Scripts): string {
  const script = scripts.get(name);
  if (script === undefined) throw new Error(`script.json names "${name}", but there is no such script.`);
  return script.name;
}

function isAwaited(pkg: WorkspacePackage, scripts: Scripts): boolean {
  return [...scripts.values()].some((other) => other.manifest?.waitsFor?.includes(pkg.directory));
}

// By name and not as "^build": a development dependency on a tool, which depends on packages, would close a circle.
function builds(names: readonly string[]): Dependency[] {
  return names.filter((name) => name.startsWith("@org/")).map((name) => dependency(name, "build"));
}

function dependency(project: string, target: string, params: "ignore" | "forward" = "ignore"): Dependency {
  return { projects: [project], target, params };
}
