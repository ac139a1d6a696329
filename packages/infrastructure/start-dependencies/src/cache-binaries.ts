import { findProgram } from "./find-program.ts";

export type CacheFlavour = "dragonfly" | "valkey" | "redis";

/** A server that speaks the protocol of Dragonfly, Valkey and Redis. */
export interface CacheBinary {
  readonly flavour: CacheFlavour;
  readonly command: string;
  /** Where its libraries were unpacked, when they are not the system's. */
  readonly libraryPath?: string;
}

/** In order of preference. */
export const cacheCommands = [
  { flavour: "dragonfly", name: "dragonfly" },
  { flavour: "valkey", name: "valkey-server" },
  { flavour: "redis", name: "redis-server" },
] as const;

const usualFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"];

/** The preferred cache server on the search path or in the usual folders. */
export async function localCache(searchPath: string): Promise<CacheBinary | undefined> {
  for (const { flavour, name } of cacheCommands) {
    const command = await findProgram(name, [searchPath, ...usualFolders].join(":"));
    if (command !== undefined) return { flavour, command };
  }
  return undefined;
}
