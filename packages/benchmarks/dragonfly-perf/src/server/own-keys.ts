import { withCache, type CacheClient } from "@org/cache";
import type { Logger } from "@org/logging";
import { keyName } from "../engine/load-plan.ts";
import { isRedirect } from "./cluster.ts";

/** A set of keys that this program may have made: those that `keyName` gives. */
interface KeySpace {
  readonly prefix: string;
  readonly count: number;
}

export interface OwnKeys {
  /** Names keys that are about to be made. */
  add(space: KeySpace): void;
  /** Removes the keys of one space and looks whether they are gone. */
  readonly remove: (client: CacheClient, space: KeySpace) => Promise<Removed>;
}

export interface Removed {
  readonly keys: number;
  /** Keys that are still there; null where a node of a cluster no longer answers for them. */
  readonly left: number | null;
}

export interface Keeping {
  readonly url: string;
  readonly logger: Logger;
  /** How long the keys live when they cannot be removed. */
  readonly ttlMs: number;
}

/** Runs the work and afterwards, however it ended, removes what is left of the keys that it named. */
export async function withOwnKeys<T>(keeping: Keeping, work: (keys: OwnKeys) => Promise<T>): Promise<T> {
  const left = new Set<KeySpace>();
  const remove = async (client: CacheClient, space: KeySpace): Promise<Removed> => {
    try {
      const keys = await overAll(space, (names) => client.unlink(names));
      const removed = { keys, left: await overAll(space, (names) => client.exists(names)) };
      left.delete(space);
      return removed;
    } catch (error) {
      if (isRedirect(error)) return { keys: 0, left: null };
      throw error;
    }
  };
  try {
    return await work({ add: (space) => void left.add(space), remove });
  } finally {
    if (left.size > 0) await removeLeft([...left], keeping, remove);
  }
}

async function removeLeft(spaces: readonly KeySpace[], { url, logger, ttlMs }: Keeping, remove: OwnKeys["remove"]): Promise<void> {
  try {
    // A session of its own, without the signal of the run, which may have been aborted.
    await withCache({ url, clientName: "dragonfly-perf clean-up", connectTimeoutMs: 1_000 }, async (client) => {
      for (const space of spaces) {
        if ((await remove(client, space)).left === null) throw new Error("the cluster moved their slot to another node");
      }
    });
  } catch (error) {
    logger.warning(`The keys of this run (${spaces.map(({ prefix }) => `${prefix}*`).join(", ")}) could not be removed: ${(error as Error).message}. They expire by themselves within ${Math.ceil(ttlMs / 1000)} s.`);
  }
}

const batch = 1_000;
const batchesUnderWay = 8;

/** The sum of the answers; in batches, because one call with all keys would hold the server. */
async function overAll(space: KeySpace, ask: (names: string[]) => Promise<number>): Promise<number> {
  let sum = 0;
  for (let from = 0; from < space.count; from += batch * batchesUnderWay) {
    const starts = Array.from({ length: batchesUnderWay }, (_, index) => from + index * batch).filter((start) => start < space.count);
    const counts = await Promise.all(starts.map((start) => ask(names(space, start))));
    for (const count of counts) sum += count;
  }
  return sum;
}

function names(space: KeySpace, start: number): string[] {
  return Array.from({ length: Math.min(batch, space.count - start) }, (_, index) => keyName(space, start + index));
}
