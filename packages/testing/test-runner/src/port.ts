import { once } from "node:events";
import { connect } from "node:net";

export interface PortExamined {
  readonly listening: boolean;
  /** Such as "redis-server (pid 123)"; null where it cannot be seen. */
  readonly owner: string | null;
}

type RunTool = (name: string, args: readonly string[]) => Promise<{ readonly text: string; readonly failed: boolean }>;

/** Whether something listens on the port of this host, and who, by the tools that operating systems have for it. */
export async function examinePort(port: number, run: RunTool): Promise<PortExamined> {
  if (!(await answers(port))) return { listening: false, owner: null };
  const lsof = await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"]);
  const [, pid, command] = /^p(\d+)\n(?:.*\n)*?c(.+)$/m.exec(lsof.text) ?? [];
  if (pid !== undefined) return { listening: true, owner: `${command} (pid ${pid})` };
  const ss = await run("ss", ["-ltnpH", `sport = :${port}`]);
  const [, name, number] = /users:\(\("([^"]+)",pid=(\d+)/.exec(ss.text) ?? [];
  return { listening: true, owner: name === undefined ? null : `${name} (pid ${number})` };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1", timeout: 1_000 });
  try {
    await Promise.race([once(socket, "connect"), once(socket, "timeout").then(() => Promise.reject(new Error("no answer")))]);
    return true;
  } catch {
    // Refused or filtered: either way nothing there can be used.
    return false;
  } finally {
    socket.destroy();
  }
}
