import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { freePort, runBin, startBin, withTempFolder, type ProcessOptions, type ProcessResult, type StartedProcess } from "@org/testkit";
import { localCache } from "../cache-binaries.ts";
import { unpackCachePackage } from "../unpack-cache.ts";
import type { DependenciesData } from "../dependency-data.ts";

/** A folder with a config, in which the command is run as users run it. */
export interface Project {
  readonly folder: string;
  readonly postgresPort: number;
  readonly cachePort: number;
  readonly stateDir: string;
  /** PATH of the command, on which a cache server is found. */
  readonly searchPath: string;
  /** DATABASE_URL and REDIS_URL of the servers, with passwords. */
  readonly urls: () => Promise<{ readonly DATABASE_URL: string; readonly REDIS_URL: string }>;
  readonly run: (args: readonly string[], options?: ProcessOptions) => Promise<ProcessResult>;
  readonly start: (args: readonly string[], options?: ProcessOptions) => StartedProcess;
  readonly json: (args: readonly string[], options?: ProcessOptions) => Promise<DependenciesReport>;
}

export interface DependenciesReport {
  readonly exitCode: number;
  readonly checks: readonly { readonly id: string; readonly verdict: string; readonly evidence: string; readonly remedy?: string }[];
  readonly data: DependenciesData;
  readonly stderr: string;
}

export interface ProjectOptions {
  /** Below the temp folder. */
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Hands a project to the test; whatever it started is stopped and removed afterwards. */
export async function withProject(test: (project: Project) => Promise<void>, { name = "project", config = {} }: ProjectOptions = {}): Promise<void> {
  await withTempFolder(async (temp) => {
    const folder = join(temp, name);
    await mkdir(folder);
    const ports = { postgresPort: await freePort(), cachePort: await freePort() };
    await writeFile(join(folder, "platform.config.json"), JSON.stringify({ ...config, dependencies: { ...ports, ...(config["dependencies"] as object | undefined) } }));
    const project = makeProject(folder, ports, await searchPathWithCache(temp));
    const cleanUp = async (): Promise<void> => {
      const { exitCode, stderr } = await project.run(["stop", "--purge"]);
      if (exitCode !== 0) throw new Error(`stop --purge ended with ${exitCode}: ${stderr}`);
    };
    await test(project).finally(cleanUp);
  });
}

function makeProject(folder: string, ports: Pick<Project, "postgresPort" | "cachePort">, searchPath: string): Project {
  const stateDir = join(folder, ".platform");
  const merged = (options: ProcessOptions = {}): ProcessOptions => ({ cwd: folder, timeout: 120_000, ...options, env: { PATH: searchPath, REPORT_DIR: join(folder, "reports"), ...options.env } });
  const run: Project["run"] = (args, options) => runBin("start-dependencies", args, merged(options));
  return {
    folder,
    ...ports,
    stateDir,
    searchPath,
    run,
    start: (args, options) => startBin("start-dependencies", args, merged(options)),
    json: async (args, options) => {
      const { exitCode, stdout, stderr } = await run([...args, "--json"], options);
      if (stdout === "") throw new Error(`it ended with ${exitCode} and printed nothing: ${stderr}`);
      return { ...(JSON.parse(stdout) as Omit<DependenciesReport, "stderr">), exitCode: exitCode ?? -1, stderr };
    },
    urls: async () => {
      const passwords = JSON.parse(await readFile(join(stateDir, "dependencies", "passwords.json"), "utf8")) as { postgres: string; cache: string };
      return {
        DATABASE_URL: `postgres://postgres:${passwords.postgres}@127.0.0.1:${ports.postgresPort}/postgres`,
        REDIS_URL: `redis://:${passwords.cache}@127.0.0.1:${ports.cachePort}`,
      };
    },
  };
}

/** The system's programs and a cache server: the installed one, else the one that the test kit unpacks once for all runs. */
async function searchPathWithCache(temp: string): Promise<string> {
  const searchPath = process.env["PATH"] ?? "";
  if ((await localCache(searchPath)) !== undefined) return searchPath;
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "platform-scripts", "cache-server");
  const { command, libraryPath } = await unpackCachePackage({ folder, searchPath, onStep: () => {} });
  const bin = join(temp, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "redis-server"), `#!/bin/sh\nLD_LIBRARY_PATH='${libraryPath}' exec '${command}' "$@"\n`);
  await chmod(join(bin, "redis-server"), 0o755);
  return `${bin}:${searchPath}`;
}

/** The pids of live processes whose command line holds the text. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((pid, index) => pid !== process.pid && commands[index]?.includes(text));
}
