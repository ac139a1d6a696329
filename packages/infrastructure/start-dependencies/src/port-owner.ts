import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { ScriptError } from "@org/exit-codes";
import { processCommand } from "./process-identity.ts";
import type { Service } from "./service.ts";

export interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

/** Whether something listens on the port of 127.0.0.1. Throws ScriptError(permission) for a port that this user may not use. */
export async function isPortBusy(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen({ host: "127.0.0.1", port, exclusive: true }, resolve));
    return false;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE") return true;
    if (code === "EACCES") throw new ScriptError("permission", `this user may not listen on port ${port}`, { hint: "Choose a port above 1023.", cause: error });
    throw error;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Throws ScriptError(dependency) that names the owner of a busy port. */
export async function refuseBusyPort(service: Service, port: number): Promise<void> {
  if (!(await isPortBusy(port))) return;
  const owner = await portOwner(port);
  const who = owner === undefined ? "a process of another user" : `process ${owner.pid} (${owner.command})`;
  throw new ScriptError("dependency", `port ${port} for ${service.title} is used by ${who}`, {
    hint: `Stop that process, name its server in ${service.variable}, or choose another port with ${service.portFlag}.`,
  });
}

/** The process that listens on the port, as far as this user may see it. */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const pid = process.platform === "linux" ? await listenerFromProc(port) : await listenerFromLsof(port);
  return pid === undefined ? undefined : { pid, command: processCommand(pid) ?? "unknown command" };
}

async function listenerFromProc(port: number): Promise<number | undefined> {
  const sockets = new Set(await listeningSockets(port));
  if (sockets.size === 0) return undefined;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  // Children inherit sockets: the parent has the lower pid in all but the rarest of cases.
  for (const pid of pids.sort((a, b) => a - b)) {
    if (await holdsSocket(pid, sockets)) return pid;
  }
  return undefined;
}

async function listeningSockets(port: number): Promise<string[]> {
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((table) => readFile(table, "utf8").catch(ignoreMissing)));
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = tables.flatMap((table) => table.split("\n").slice(1)).map((row) => row.trim().split(/\s+/));
  // The fields: local address:port in hexadecimal, state 0A for LISTEN, inode.
  return rows.filter((row) => row[1]?.endsWith(`:${hexPort}`) && row[3] === "0A").map((row) => `socket:[${row[9]}]`);
}

async function holdsSocket(pid: number, sockets: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(ignoreHidden);
  const targets = await Promise.all(descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "closed meanwhile")));
  return targets.some((target) => sockets.has(target));
}

function ignoreMissing(error: NodeJS.ErrnoException): string {
  // A kernel without IPv6 has no table for it.
  if (error.code === "ENOENT") return "";
  throw error;
}

function ignoreHidden(error: NodeJS.ErrnoException): string[] {
  // It ended meanwhile, or it belongs to another user.
  if (error.code === "ENOENT" || error.code === "EACCES" || error.code === "EPERM" || error.code === "ESRCH") return [];
  throw error;
}

async function listenerFromLsof(port: number): Promise<number | undefined> {
  const { execa } = await import("execa");
  const { stdout } = await execa("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], { reject: false, timeout: 10_000 });
  const pid = Number(stdout?.split("\n")[0]);
  return pid > 0 ? pid : undefined;
}
