import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@org/logging";
import type { Report } from "@org/script";

/** The newest run of one script, from the reports in the state folder. */
export interface LastRun {
  readonly script: string;
  readonly verdict: string;
  readonly exitCode: number;
  readonly endedAt: string;
}

/** The newest run of each script, by name. A report that cannot be read is named in the log and left out. */
export async function readLastRuns(stateDir: string, logger: Pick<Logger, "warning">): Promise<LastRun[]> {
  const folder = join(stateDir, "runs");
  const newest = new Map<string, string>();
  // The names begin with the time, so the last one of a script is its newest.
  for (const file of (await listFiles(folder)).sort()) {
    const script = /^\d{8}T\d{6}Z-(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/u.exec(file)?.[1];
    if (script !== undefined) newest.set(script, join(folder, file));
  }
  const runs = await Promise.all([...newest.values()].map((file) => readRun(file, logger)));
  return runs.filter((run) => run !== undefined).sort((a, b) => a.script.localeCompare(b.script));
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    // Before the first run there is no folder.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readRun(file: string, logger: Pick<Logger, "warning">): Promise<LastRun | undefined> {
  try {
    const { script, verdict, exitCode, run } = JSON.parse(await readFile(file, "utf8")) as Report;
    return { script, verdict, exitCode, endedAt: run.endedAt };
  } catch (error) {
    logger.warning(`The report ${file} cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
