import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CacheBinary } from "./cache-binaries.ts";
import { processCommand, processIdentity, type ProcessIdentity } from "./process-identity.ts";
import { readIfThere } from "./read-if-there.ts";
import { spawnServer, type ServerProcess, type StopStep } from "./server-process.ts";

export interface CacheStart {
  readonly binary: CacheBinary;
  /** Holds the data, the configuration and the pid file; must exist. */
  readonly folder: string;
  readonly port: number;
  /** No password lets every user of this machine in. */
  readonly password: string | undefined;
  readonly logFile: string;
  /** False for a cache that forgets everything when it stops. */
  readonly durable?: boolean;
  /** Configuration lines of Redis and Valkey, on top of address, port, password and persistence. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const pidFile = "cache.pid";

/** Starts a cache on 127.0.0.1 only. It is not ready yet when this returns. */
export async function startCache(start: CacheStart): Promise<ServerProcess> {
  const { binary, folder, logFile } = start;
  const config = join(folder, "cache.conf");
  // The password goes into a file, because everybody can read the arguments of a process.
  await rm(config, { force: true });
  await writeFile(config, binary.flavour === "dragonfly" ? dragonflyFlags(start) : redisConfig(start), { mode: 0o600, flag: "wx" });
  return spawnServer({
    command: binary.command,
    args: [binary.flavour === "dragonfly" ? `--flagfile=${config}` : config],
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC", ...(binary.libraryPath && { LD_LIBRARY_PATH: binary.libraryPath }) },
    cwd: folder,
    logFile,
  });
}

/** An append-only file: what was answered survives a kill -9 of the server. */
function redisConfig({ port, password, durable = true, settings = {} }: CacheStart): string {
  const lines = {
    bind: "127.0.0.1",
    port,
    "protected-mode": "yes",
    daemonize: "no",
    pidfile: pidFile,
    dir: "./",
    appendonly: durable ? "yes" : "no",
    save: '""',
    ...(password === undefined ? {} : { requirepass: password }),
    ...settings,
  };
  return Object.entries(lines).map(([name, value]) => `${name} ${value}\n`).join("");
}

/** Dragonfly has no append-only file: it saves a snapshot every minute and when it stops. */
function dragonflyFlags({ folder, port, password, durable = true }: CacheStart): string {
  const flags = {
    bind: "127.0.0.1",
    port,
    pidfile: join(folder, pidFile),
    dir: folder,
    dbfilename: durable ? "dump" : "",
    ...(durable && { snapshot_cron: "* * * * *" }),
    // Dragonfly refuses to start with less than 256 MB for each thread.
    proactor_threads: 2,
    maxmemory: "512mb",
    logtostderr: true,
    ...(password === undefined ? {} : { requirepass: password }),
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}\n`).join("");
}

/** No signal after these: a cache that cannot save its data must not lose it. */
export const cacheStopSteps: readonly StopStep[] = [{ signal: "SIGTERM", patienceMs: 30_000 }];

/** The live server of a folder, found without any record of ours. */
export async function cacheOfFolder(folder: string, port: number): Promise<ProcessIdentity | undefined> {
  const pid = Number(await readIfThere(join(folder, pidFile)));
  const command = pid > 0 ? processCommand(pid) : undefined;
  // Redis and Valkey rewrite their command line to name and address.
  return command?.includes(folder) || command?.includes(`127.0.0.1:${port}`) ? processIdentity(pid) : undefined;
}
