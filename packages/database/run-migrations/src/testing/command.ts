import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlatformConfig } from "@org/script";
import { runBin, startBin, type BinOptions, type ProcessResult, type StartedProcess } from "@org/testkit";
import type { Place } from "./database.ts";

type Where = Pick<Place, "url" | "folder">;

/** Runs the command in a folder whose `migrations` it applies and which takes its reports too. */
export async function runIn(where: Where, ...args: string[]): Promise<ProcessResult> {
  return runBin("run-migrations", args, options(where));
}

/** Like `runIn`, for tests that send signals. */
export function startIn(where: Where, ...args: string[]): StartedProcess {
  return startBin("run-migrations", args, options(where));
}

function options({ url, folder }: Where): BinOptions {
  return { cwd: folder, env: { DATABASE_URL: url, REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") } };
}

/** Writes the part of the config that is about migrations. */
export async function configure({ folder }: Where, migrations: NonNullable<PlatformConfig["migrations"]>): Promise<void> {
  await writeFile(join(folder, "platform.config.json"), JSON.stringify({ migrations }));
}
