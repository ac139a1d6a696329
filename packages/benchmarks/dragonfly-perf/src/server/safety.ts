import { describeCacheUrl, parseCacheUrl, type CacheClient } from "@org/cache";
import { ScriptError } from "@org/exit-codes";
import type { CommandPlan } from "../engine/load-plan.ts";
import type { ServerState } from "./facts.ts";

/** A server, and what the user named it with: the place to correct it. */
export interface Target {
  readonly url: string;
  readonly setting: "REDIS_URL" | "--compare";
}

export interface PlannedLoad extends Target {
  /** Requests under way at one moment. */
  readonly underWay: number;
  /** Bytes that the keys of one suite take, at a rough guess. */
  readonly keyBytes: number;
  readonly allowRemote: boolean;
  readonly allowFull: boolean;
}

const remoteRequests = 256;
const remoteBytes = 64 * 1024 ** 2;
/** A server with keys of others keeps this part of its memory free. */
const headroom = 0.25;

/** Throws ScriptError(configuration) for a load that is too much for a server that is not local. */
export function refuseRemoteLoad({ url, setting, underWay, keyBytes, allowRemote }: PlannedLoad): void {
  if (allowRemote || isLocal({ url, setting }) || (underWay <= remoteRequests && keyBytes <= remoteBytes)) return;
  throw refusal(`${describeCacheUrl(url)} is not local, and this load has ${underWay} requests under way and ${megabytes(keyBytes)} of keys`, "Take fewer --connections, --pipeline or --keys, or pass --allow-remote when the server is yours to load.");
}

/** Throws ScriptError(configuration) for a server that must not be loaded: a replica, or one whose foreign keys are at risk. */
export function refuseServer(state: ServerState, { url, setting, keyBytes, allowFull }: PlannedLoad): void {
  const target = describeCacheUrl(url);
  if (state.isReplica) throw refusal(`${target} is a replica: it takes no writes, and its load says nothing of the primary`, `Let ${setting} name the primary.`);
  const { maxmemory, policy } = state.server;
  if (allowFull || state.keys === 0 || maxmemory === null || maxmemory === 0) return;
  const free = maxmemory - (state.usedMemory ?? 0);
  if (free - keyBytes > maxmemory * headroom) return;
  const harm = /noeviction|store/u.test(policy ?? "noeviction") ? "would refuse the writes of others" : "would evict the keys of others";
  throw refusal(`${target} holds ${state.keys} keys, and with ${megabytes(free)} of ${megabytes(maxmemory)} free it ${harm} (policy ${policy ?? "unknown"})`, "Use a server of its own, fewer or smaller --keys, or pass --allow-full when its keys may be lost.");
}

/** Whether the URL leads to this host only; the name of a host may too, which nobody can tell from here. */
export function isLocal({ url, setting }: Target): boolean {
  const { host, socket } = parseCacheUrl(url, setting);
  return socket !== undefined || host === "localhost" || host === "::1" || /^127(\.\d+){3}$/u.test(host);
}

function refusal(message: string, hint: string): ScriptError {
  return new ScriptError("configuration", message, { hint });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`;
}

/** Throws ScriptError(configuration) for a command that touches a key which is not of this benchmark; the server names the keys. */
export async function refuseForeignKeys(client: CacheClient, commands: readonly CommandPlan[], prefix: string): Promise<void> {
  for (const { words } of commands) {
    const written = words.map((word) => word.replaceAll("__key__", `${prefix}0`).replaceAll(/__data__|__rand__/gu, "0"));
    const keys = await keysOf(client, written);
    const foreign = keys?.find((key) => !key.startsWith(prefix));
    // A server that does not name keys is only given commands whose first word is the key.
    const isOwn = keys === undefined ? words[1]?.startsWith("__key__") === true && words.length <= 3 : keys.length > 0 && foreign === undefined;
    if (!isOwn) throw refusal(`${JSON.stringify(words.join(" "))} touches ${foreign === undefined ? "no key, or keys that the server does not name" : `the key ${foreign}`}, which is not of this benchmark`, "Write __key__ in the place of every key.");
  }
}

/** Undefined where the server cannot tell. */
async function keysOf(client: CacheClient, words: readonly string[]): Promise<string[] | undefined> {
  try {
    return (await client.call("COMMAND", "GETKEYS", ...words)) as string[];
  } catch (error) {
    const { message } = error as Error;
    if (/no key arguments|Invalid (command|arguments)/iu.test(message)) return [];
    if (/unknown|NOPERM|not supported|syntax/iu.test(message)) return undefined;
    throw error;
  }
}
