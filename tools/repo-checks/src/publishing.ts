import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { copyWorkspace } from "@org/nx-scripts/copy-workspace";
import { runProcess, startPrivateCache, type ProcessOptions, type ProcessResult } from "@org/testkit";
import { withRegistry } from "./registry.ts";
import type { Problem } from "./workspace.ts";

const script = "verify-dragonfly";

/**
 * Releases a copy of the repository to a registry of its own, as a maintainer would (versions, build, publish), and then
 * uses it as a stranger would: `npx` in an empty folder against a real cache.
 */
export async function checkPublishing(root: string): Promise<Problem[]> {
  const folder = mkdtempSync(join(tmpdir(), "publishing-"));
  try {
    const problems: Problem[] = [];
    await withRegistry(root, folder, async (registry) => {
      await release(root, join(folder, "copy"), registry);
      problems.push(...(await useFromEmptyFolder(root, join(folder, "empty"), registry)));
    });
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function release(root: string, copy: string, registry: string): Promise<void> {
  copyWorkspace(root, copy);
  // npm publishes to no registry without a token, even to one that asks for none.
  writeFileSync(join(copy, ".npmrc"), `registry=${registry}\n//${new URL(registry).host}/:_authToken=anonymous\n`);
  const run = (command: string, ...args: readonly string[]): Promise<void> => succeed([command, ...args], { cwd: copy, env: environment(root) });
  await run("git", "init", "--quiet", "--initial-branch=main");
  await run("git", "add", "--all");
  await run("git", "-c", "user.name=Release", "-c", "user.email=release@localhost", "commit", "--quiet", "--message=Release");
  await run("changeset", "version");
  await run("nx", "run-many", "-t", "build");
  await run("changeset", "publish", "--no-git-tag");
}

async function useFromEmptyFolder(root: string, folder: string, registry: string): Promise<Problem[]> {
  mkdirSync(folder);
  const cache = await startPrivateCache();
  try {
    const env = { ...environment(root), REDIS_URL: cache.url, npm_config_cache: join(folder, ".npm") };
    const args = ["-y", "--registry", registry, `@org/${script}`, "--json", "--no-history"];
    const result = await runUntilFetched(() => runProcess("npx", args, { cwd: folder, env, timeout: 120_000 }));
    return faultsOf(result).map((what) => ({ where: `npx -y @org/${script} --json`, what }));
  } finally {
    await cache.stop();
  }
}

/**
 * Runs again, twice at most, when npm could not fetch a package of others: the registry of its own passes a hiccup of
 * the one behind it on as "404 Not Found". A missing package of this repository is not tried again.
 */
async function runUntilFetched(run: () => Promise<ProcessResult>): Promise<ProcessResult> {
  for (let left = 2; ; left--) {
    const result = await run();
    if (left === 0 || !/E404[^]*404 {2}The requested resource '(?!@org\/)/u.test(result.stderr)) return result;
  }
}

/** What is wrong with a run that should have verified a healthy cache: its stdout is one JSON report, and nothing else. */
export function faultsOf({ exitCode, stdout, stderr }: ProcessResult): string[] {
  const report = parse(stdout);
  return [
    ...(exitCode === 0 ? [] : [`ended with ${exitCode}: ${stderr.trim()}`]),
    ...(report === undefined ? [`stdout is not JSON alone: ${stdout}`] : []),
    ...(report === undefined || report.script === script ? [] : [`reports about "${report.script}".`]),
    ...(report === undefined || report.verdict === "pass" || report.verdict === "warn" ? [] : [`its verdict is "${report.verdict}".`]),
  ];
}

function parse(text: string): { script?: string; verdict?: string } | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    // Not JSON is a finding of the caller, not an error.
    return undefined;
  }
}

async function succeed([command = "", ...args]: readonly string[], options: ProcessOptions): Promise<void> {
  const result = await runProcess(command, args, { ...options, timeout: 300_000 });
  if (result.exitCode !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${result.exitCode}:\n${result.stdout}${result.stderr}`);
}

function environment(root: string): Record<string, string> {
  return { PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`, CI: "true", NO_COLOR: "1", NPM_CONFIG_PROVENANCE: "false" };
}
