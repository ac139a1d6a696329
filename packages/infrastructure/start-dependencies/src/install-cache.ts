import { userInfo } from "node:os";
import { ScriptError } from "@org/exit-codes";
import { findProgram } from "./find-program.ts";
import { localCache, type CacheBinary } from "./cache-binaries.ts";
import type { Declined, DependenciesRequest } from "./service.ts";
import { unpackCachePackage } from "./unpack-cache.ts";

/** How a cache server can be had on this system. */
export interface CacheInstallPlan {
  /** Completes "with --install: ...". */
  readonly effect: string;
  /** The command that installs into the system; unset where a package is unpacked into the state folder. */
  readonly command?: readonly [string, ...string[]];
}

const systemInstallers = [
  { command: ["brew", "install", "valkey"], needsRoot: false },
  { command: ["dnf", "install", "--assumeyes", "valkey"], needsRoot: true },
  { command: ["apk", "add", "valkey"], needsRoot: true },
  { command: ["pacman", "-S", "--noconfirm", "valkey"], needsRoot: true },
  { command: ["zypper", "--non-interactive", "install", "valkey"], needsRoot: true },
] as const;

/** What `--install` would do here. Debian's packages can be unpacked without root; others are installed into the system. */
export async function planCacheInstall(folder: string, { env }: DependenciesRequest): Promise<CacheInstallPlan | Declined> {
  const searchPath = `${env["PATH"] ?? ""}:/usr/bin:/bin`;
  if (await findProgram("apt-get", searchPath)) return { effect: `the distribution's valkey-server or redis-server package, unpacked into ${folder} without touching the system` };
  for (const { command, needsRoot } of systemInstallers) {
    if (!(await findProgram(command[0], searchPath))) continue;
    if (needsRoot && userInfo().uid !== 0) return { declined: `only root can install a cache server here: ${command.join(" ")}` };
    return { effect: `${command.join(" ")}, which installs into the system`, command };
  }
  return { declined: "no package manager that is known here could provide a cache server" };
}

/** Carries out the plan, telling each step. */
export async function installCache(plan: CacheInstallPlan, { folder, request }: { readonly folder: string; readonly request: DependenciesRequest }): Promise<CacheBinary> {
  const { env, logger, signal } = request;
  const searchPath = env["PATH"] ?? "";
  if (plan.command === undefined) return unpackCachePackage({ folder, searchPath, signal, onStep: (sentence) => logger.info(sentence) });
  const [command, ...args] = plan.command;
  logger.info(`Running ${plan.command.join(" ")}`);
  const { execa } = await import("execa");
  const result = await execa(command, args, { reject: false, all: true, stdin: "ignore", cancelSignal: signal });
  signal.throwIfAborted();
  if (result.failed) throw new ScriptError("dependency", `${plan.command.join(" ")} failed: ${result.all || result.shortMessage}`, { hint: "Install valkey or redis yourself, then start again." });
  const installed = await localCache(searchPath);
  if (installed === undefined) throw new ScriptError("dependency", `${plan.command.join(" ")} installed no cache server that can be found`, { hint: "Install valkey or redis yourself, then start again." });
  return installed;
}
