import { join } from "node:path";
import { ping, readInfo, serverFlavour, withCache } from "@org/cache";
import { isScriptError } from "@org/exit-codes";
import { cacheOfFolder, cacheStopSteps } from "./cache-server.ts";
import type { Readiness } from "./server-process.ts";
import type { Evidence, Service } from "./service.ts";

export const cache: Service = {
  name: "cache",
  title: "the cache",
  variable: "REDIS_URL",
  portFlag: "--cache-port",
  probe: cacheReady,
  url: ({ port, password }) => `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
  dataDir: cacheDataDir,
  running: (home, port) => cacheOfFolder(cacheDataDir(home), port),
  stopSteps: cacheStopSteps,
};

export function cacheDataDir(home: string): string {
  return join(home, "cache");
}

const patienceMs = 2_000;

/** Whether a cache answers PING with PONG at the URL; NOAUTH and LOADING are answers, not readiness. */
export async function cacheReady(url: string, signal?: AbortSignal): Promise<Readiness<Evidence>> {
  const options = { url, clientName: "start-dependencies", connectTimeoutMs: patienceMs, commandTimeoutMs: patienceMs, signal };
  try {
    return await withCache(options, async (client) => {
      const durationMs = await ping(client);
      const { flavour, version } = serverFlavour(await readInfo(client, ["server"]));
      return { ready: true, server: `${flavour === "unknown" ? "a cache of unknown make" : capitalised(flavour)} ${version ?? ""}`.trim(), version: version ?? "unknown", durationMs };
    });
  } catch (error) {
    if (isScriptError(error)) return { ready: false, reason: error.message };
    throw error;
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
