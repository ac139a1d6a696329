import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessIdentity } from "@org/start-dependencies/servers";

export interface FolderOwner {
  /** The process whose end is the end of the server. */
  readonly owner: ProcessIdentity;
  readonly parent?: string;
}

/** A folder for one server, which a watchdog empties when its owner is gone. */
export async function makeServerFolder({ owner, parent = tmpdir() }: FolderOwner, port: number): Promise<string> {
  const folder = await mkdtemp(join(parent, parent === tmpdir() ? "platform-testkit-" : "server-"));
  // Postgres runs as another user when the tests run as root, and must get through.
  await chmod(folder, 0o711);
  watch(owner, folder, port);
  return folder;
}

function watch(owner: ProcessIdentity, folder: string, port: number): void {
  const program = join(import.meta.dirname, "watchdog.ts");
  const child = spawn(process.execPath, ["--conditions=@org/source", program, String(owner.pid), owner.startedAt, folder, String(port)], {
    detached: true,
    stdio: "ignore",
    cwd: "/",
    env: { PATH: process.env["PATH"] },
  });
  child.unref();
}

/** The watchdog ends when the folder has gone. */
export async function removeServerFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
