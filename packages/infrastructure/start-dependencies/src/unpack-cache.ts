import { globSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { cacheCommands, type CacheBinary } from "./cache-binaries.ts";
import { withLock } from "./lock.ts";

export interface InstallOptions {
  /** Everything that is downloaded and unpacked stays in here. */
  readonly folder: string;
  readonly searchPath: string;
  readonly signal?: AbortSignal | undefined;
  /** Told each step in one sentence. */
  readonly onStep: (sentence: string) => void;
}

/** The cache server that an earlier `installCachePackage` unpacked into the folder. */
export function unpackedCache(folder: string): CacheBinary | undefined {
  const root = join(folder, "root");
  for (const { flavour, name } of cacheCommands) {
    const [command] = globSync(join(root, "usr/bin", name));
    if (command !== undefined) return { flavour, command, libraryPath: globSync([join(root, "usr/lib/*/"), join(root, "lib/*/")]).join(":") };
  }
  return undefined;
}

/**
 * Unpacks the distribution's Valkey or Redis into the folder, with the libraries that the system lacks. It needs no root:
 * apt works on lists and caches of its own, and nothing is installed into the system.
 */
export async function unpackCachePackage(options: InstallOptions): Promise<CacheBinary> {
  return withLock(options.folder, async () => {
    const present = unpackedCache(options.folder);
    if (present !== undefined) return present;
    await download(options);
    const unpacked = unpackedCache(options.folder);
    if (unpacked === undefined) throw new ScriptError("dependency", `the packages unpacked into ${options.folder} hold no cache server`, { hint: "Install valkey or redis yourself, then start again." });
    return unpacked;
  });
}

async function download(options: InstallOptions): Promise<void> {
  const { folder, onStep } = options;
  const work = join(folder, "apt");
  const root = join(folder, "root.unfinished");
  await rm(root, { recursive: true, force: true });
  await rm(work, { recursive: true, force: true });
  for (const part of ["lists/partial", "cache/archives/partial", "packages"]) await mkdir(join(work, part), { recursive: true, mode: 0o755 });
  await mkdir(root, { recursive: true });
  onStep(`Downloading the distribution's package lists into ${work} (the system's own are not touched)`);
  await apt(options, ["update"]);
  const packages = await packagesToUnpack(options);
  onStep(`Downloading and unpacking ${packages.join(", ")} into ${folder}; nothing is installed into the system`);
  await apt(options, ["download", ...packages]);
  const files = await readdir(join(work, "packages"));
  for (const file of files) refuseFailure(options, `dpkg-deb -x ${file}`, await run(options, "dpkg-deb", ["-x", join(work, "packages", file), root]));
  await rename(root, join(folder, "root"));
  await rm(work, { recursive: true, force: true });
}

/** Valkey where the distribution has it, else Redis, with the dependencies that the system lacks. */
async function packagesToUnpack(options: InstallOptions): Promise<string[]> {
  const failures: string[] = [];
  for (const name of ["valkey-server", "redis-server"]) {
    const plan = await apt(options, ["--simulate", "--no-install-recommends", "install", name], false);
    if (plan.exitCode === 0) return [...plan.stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
    failures.push(plan.stderr.trim());
  }
  throw new ScriptError("dependency", `this distribution has neither valkey-server nor redis-server: ${failures.join("; ")}`, { hint: "Install a cache server yourself, then start again." });
}

interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function apt(options: InstallOptions, args: readonly string[], mustSucceed = true): Promise<Answer> {
  const work = join(options.folder, "apt");
  // Lists and caches of its own, so that it needs neither root nor the system's locks.
  const settings = [`Dir::State::Lists=${work}/lists`, `Dir::Cache=${work}/cache`, "APT::Sandbox::User=", "Debug::NoLocking=1", "Acquire::Retries=3"];
  const answer = await run(options, "apt-get", ["-q", ...settings.flatMap((setting) => ["-o", setting]), ...args]);
  if (mustSucceed) refuseFailure(options, `apt-get ${args[0]}`, answer);
  return answer;
}

async function run({ folder, searchPath, signal }: InstallOptions, command: string, args: readonly string[]): Promise<Answer> {
  const { execa } = await import("execa");
  const result = await execa(command, args, {
    reject: false,
    cwd: join(folder, "apt", "packages"),
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive", PATH: `${searchPath}:/usr/sbin:/usr/bin:/sbin:/bin` },
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr || (result.shortMessage ?? "") };
}

function refuseFailure({ folder }: InstallOptions, what: string, { exitCode, stderr }: Answer): void {
  if (exitCode === 0) return;
  throw new ScriptError("dependency", `${what} failed: ${stderr}`, { hint: `Check that the package server can be reached; what was begun is in ${folder}.` });
}
