import { join } from "node:path";
import { withClient, type PostgresClient } from "@org/postgres";
import type { PlatformConfig, Report } from "@org/script";
import { commandOptions, runBin, withScratchDatabase, withTempFolder, writeFiles, type Files, type ProcessResult } from "@org/testkit";
import type { Deployment } from "../deployment.ts";
import { deployExtensions } from "../script.ts";

export interface Place {
  readonly url: string;
  readonly folder: string;
  /** A session beside those under test. */
  readonly client: PostgresClient;
  /** Writes files into the folder, over what is there. */
  readonly write: (files: Files) => Promise<void>;
  /** Runs the function with a config. */
  readonly deploy: (config: PlatformConfig, options?: { readonly url?: string; readonly dryRun?: boolean; readonly lockTimeout?: number }) => Promise<Report<Deployment>>;
  /** Runs the command in the folder. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProcessResult>;
}

/** A scratch database, and a folder for a config and its files. */
export async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  await withScratchDatabase((url) =>
    withTempFolder((folder) =>
      withClient({ url, applicationName: "test" }, async (client) => {
        const write = (files: Files): Promise<void> => writeFiles(folder, files);
        const deploy: Place["deploy"] = async (config, { url: other = url, dryRun = false, lockTimeout } = {}) => {
          await write({ "platform.config.json": JSON.stringify(config) });
          const input = { databaseUrl: other, ...(lockTimeout !== undefined && { lockTimeout }) };
          return deployExtensions(input, { config: join(folder, "platform.config.json"), cwd: folder, dryRun });
        };
        const run: Place["run"] = (args, env = {}) => runBin("deploy-extensions", args, { cwd: folder, env: { ...commandOptions({ url, folder }).env, ...env } });
        await work({ url, folder, client, write, deploy, run });
      }),
    ),
  );
}

/** `name version schema` of what is installed beside plpgsql. */
export async function installed(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    `SELECT extname || ' ' || extversion || ' ' || extnamespace::regnamespace AS line FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname`,
  );
  return rows.map(({ line }) => line);
}

/** `verdict id` of every check. */
export function verdicts({ checks }: Report): string[] {
  return checks.map(({ id, verdict }) => `${verdict} ${id}`);
}
