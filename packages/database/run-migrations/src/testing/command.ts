import type { PlatformConfig } from "@org/script";
import { commandOptions, runBin, startBin, writeFiles, type Place, type ProcessResult, type StartedProcess } from "@org/testkit";

type Where = Pick<Place, "url" | "folder">;

/** Runs the command in a folder whose `migrations` it applies and which takes its reports too. */
export async function runIn(where: Where, ...args: string[]): Promise<ProcessResult> {
  return runBin("run-migrations", args, commandOptions(where));
}

/** Like `runIn`, for tests that send signals. */
export function startIn(where: Where, ...args: string[]): StartedProcess {
  return startBin("run-migrations", args, commandOptions(where));
}

/** Writes the part of the config that is about migrations. */
export async function configure({ folder }: Where, migrations: NonNullable<PlatformConfig["migrations"]>): Promise<void> {
  await writeFiles(folder, { "platform.config.json": JSON.stringify({ migrations }) });
}
