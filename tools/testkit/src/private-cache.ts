import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  cacheReady,
  cacheStopSteps,
  freePort,
  localCache,
  processIdentity,
  startCache,
  stopProcess,
  unpackCachePackage,
  waitUntilReady,
  type CacheBinary,
  type CacheFlavour,
  type ProcessIdentity,
} from "@org/start-dependencies/servers";
import type { PrivateServer } from "./private-server.ts";
import { makeServerFolder, removeServerFolder, type FolderOwner } from "./server-folder.ts";

export interface CacheServer {
  /** With the password. */
  readonly url: string;
  readonly port: number;
  readonly password: string | undefined;
  readonly flavour: CacheFlavour;
}

export interface PrivateCacheOptions {
  /** Lines of redis.conf, such as `{ maxmemory: "1mb" }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** A free one unless told. */
  readonly port?: number;
  /** A generated one unless told; null for a cache without a password. */
  readonly password?: string | null;
  /** True for a cache that keeps its data over a restart. */
  readonly durable?: boolean;
}

export type PrivateCache = CacheServer & PrivateServer;

/** A cache of one's own on a free port: it may be configured, killed and started again. It ends with this process at the latest. */
export async function startPrivateCache(options: PrivateCacheOptions = {}): Promise<PrivateCache> {
  return startOwnedCache(options, { owner: processIdentity(process.pid) as ProcessIdentity });
}

export async function startOwnedCache(options: PrivateCacheOptions, owner: FolderOwner): Promise<PrivateCache> {
  const binary = await cacheBinary();
  const port = options.port ?? (await freePort());
  const password = options.password === null ? undefined : (options.password ?? randomBytes(12).toString("hex"));
  const folder = await makeServerFolder(owner, port);
  const logFile = join(folder, "cache.log");
  const url = password === undefined ? `redis://127.0.0.1:${port}` : `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  const { settings = {}, durable = false } = options;
  const start = async (): Promise<ProcessIdentity> => {
    const process = await startCache({ binary, folder, port, password, logFile, durable, settings });
    await waitUntilReady({ name: "the cache", probe: () => cacheReady(url), process, logFile, timeoutMs: 60_000 });
    return process;
  };
  let current = await start();
  const halt = async (): Promise<void> => {
    if (!(await stopProcess(current, cacheStopSteps))) throw new Error(`the cache (pid ${current.pid}) outlived SIGTERM`);
  };
  return {
    url,
    port,
    password,
    flavour: binary.flavour,
    dataDir: folder,
    logFile,
    halt,
    get pid() {
      return current.pid;
    },
    kill: (signal) => void process.kill(current.pid, signal),
    start: async () => void (current = await start()),
    stop: async () => {
      await halt();
      await removeServerFolder(folder);
    },
  };
}

async function cacheBinary(): Promise<CacheBinary> {
  const searchPath = process.env["PATH"] ?? "";
  const userCache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return (await localCache(searchPath)) ?? unpackCachePackage({ folder: join(userCache, "platform-scripts", "cache-server"), searchPath, onStep: () => {} });
}
