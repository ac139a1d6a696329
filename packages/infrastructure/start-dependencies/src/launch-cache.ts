import { mkdir } from "node:fs/promises";
import type { CacheBinary } from "./cache-binaries.ts";
import { startCache } from "./cache-server.ts";
import { cacheDataDir } from "./cache-service.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Launch } from "./service.ts";

/** Starts a cache that keeps its data. */
export async function launchCache(binary: CacheBinary, { home, port, password, logFile }: Launch): Promise<ServerProcess> {
  const folder = cacheDataDir(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return startCache({ binary, folder, port, password, logFile, settings: { maxmemory: "512mb" } });
}
