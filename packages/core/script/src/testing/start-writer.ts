import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Order } from "./report-writer.ts";

export interface Writer extends AsyncDisposable {
  /** Resolves to the warnings of the answer. */
  readonly obey: (order: Order) => Promise<string[]>;
  readonly kill: () => Promise<void>;
}

/** Starts a real process that writes reports; `limits` is shell that sets them, such as `ulimit -f 8`. */
export async function startWriter(limits = ":"): Promise<Writer> {
  const entry = join(import.meta.dirname, "report-writer.ts");
  const child = spawn("sh", ["-c", `${limits}; exec "$0" "$@"`, process.execPath, "-C", "@org/source", entry], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: {},
  });
  await once(child, "spawn");
  const ended = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const died = async (): Promise<never> => {
    const [code, signal] = (await ended) as [number | null, string | null];
    throw new Error(`the writer ended with ${signal ?? code}`);
  };
  const obey = async (order: Order): Promise<string[]> => {
    const answer = once(child, "message");
    child.send(order);
    const [warnings] = (await Promise.race([answer, died()])) as [string[]];
    return warnings;
  };
  return { obey, kill, [Symbol.asyncDispose]: kill };
}
