import { withClient } from "@org/postgres";
import type { PrivatePostgres } from "./private-postgres.ts";
import type { StartedProcess } from "./run-process.ts";
import { untilItWorks } from "./until-it-works.ts";

/** `backend`: the server process of one of the runner's sessions. */
export type Victim = "runner" | "backend" | "server";

export interface Killing {
  readonly victim: Victim;
  readonly server: PrivatePostgres;
  readonly runner: StartedProcess;
  /** Of the runner's sessions. */
  readonly applicationName: string;
  /** From 0 up to 1: which of the sessions. */
  readonly draw: number;
}

/** Kills with SIGKILL and waits until the runner has ended and the server works again. False when the victim had ended its work before. */
export async function kill({ victim, server, runner, applicationName, draw }: Killing): Promise<boolean> {
  if (victim === "runner") {
    runner.kill("SIGKILL");
    return (await runner.done).signal === "SIGKILL";
  }
  if (victim === "server") {
    server.kill("SIGKILL");
    // Its children end when they notice, and the data is theirs until then.
    await untilItWorks(() => server.start());
    return (await runner.done).exitCode !== 0;
  }
  const pids = await backends(server, applicationName);
  const backend = pids[Math.floor(draw * pids.length)];
  if (backend === undefined || !signalled(backend)) return false;
  await runner.done;
  // After the death of one backend the server restarts all of them.
  await untilItWorks(() => backends(server, applicationName));
  return true;
}

async function backends({ url }: PrivatePostgres, applicationName: string): Promise<readonly number[]> {
  const query = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY backend_start, pid";
  const { rows } = await withClient({ url, applicationName: "test" }, (client) => client.query<{ pid: number }>(query, [applicationName]));
  return rows.map(({ pid }) => pid);
}

/** False where the process had ended by itself. */
function signalled(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
