import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, processIdentity, type ProcessIdentity } from "./process-identity.ts";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told once, with the owner, when another process holds the lock. */
  readonly onWait?: (owner: ProcessIdentity) => void;
}

const prefix = "lock.";
const free = "free";

/**
 * Runs `action` while no other process runs one with the same folder. A lock whose owner died, also by kill -9, is free.
 *
 * A lock is the file `lock.N` with the highest N, which holds its owner or "free". Taking it means creating N+1 whole and
 * in one step; the file with the highest number never vanishes, so two processes cannot both believe to have taken it.
 */
export async function withLock<T>(folder: string, action: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = await acquire(folder, options);
  try {
    return await action();
  } finally {
    await replaceFile(folder, path, free);
  }
}

async function acquire(folder: string, { signal, onWait }: LockOptions): Promise<string> {
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const highest = await highestGeneration(folder);
    const owner = highest === 0 ? undefined : await liveOwner(join(folder, `${prefix}${highest}`));
    if (owner === undefined) {
      const path = await take(folder, highest + 1);
      if (path !== undefined) return path;
      continue;
    }
    if (!told) onWait?.(owner);
    told = true;
    await sleep(50, undefined, signal === undefined ? {} : { signal });
  }
}

async function take(folder: string, generation: number): Promise<string | undefined> {
  const path = join(folder, `${prefix}${generation}`);
  const mine = join(folder, `taking.${randomUUID()}`);
  await writeFile(mine, JSON.stringify(processIdentity(process.pid)), { mode: 0o600 });
  try {
    await link(mine, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  } finally {
    await unlink(mine);
  }
  if ((await highestGeneration(folder)) === generation) {
    await removeLower(folder, generation);
    return path;
  }
  await removeIfThere(path);
  return undefined;
}

async function highestGeneration(folder: string): Promise<number> {
  return Math.max(0, ...(await generations(folder)));
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.filter((name) => /^lock\.\d+$/.test(name)).map((name) => Number(name.slice(prefix.length)));
}

async function liveOwner(path: string): Promise<ProcessIdentity | undefined> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (content === free) return undefined;
  const owner = JSON.parse(content) as ProcessIdentity;
  return isRunning(owner) ? owner : undefined;
}

async function removeLower(folder: string, generation: number): Promise<void> {
  const lower = (await generations(folder)).filter((number) => number < generation);
  await Promise.all(lower.map((number) => removeIfThere(join(folder, `${prefix}${number}`))));
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function replaceFile(folder: string, path: string, content: string): Promise<void> {
  const next = join(folder, `taking.${randomUUID()}`);
  await writeFile(next, content, { mode: 0o600 });
  await rename(next, path);
}
