import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withClient, type PostgresClient } from "@org/postgres";
import type { PlatformConfig, Report } from "@org/script";
import { runBin, withScratchDatabase, withTempFolder, type ProcessResult } from "@org/testkit";
import { verifyExtensions } from "../script.ts";
import type { ExtensionsSeen } from "../verify-extensions.ts";

export interface Place {
  readonly url: string;
  readonly folder: string;
  /** A session beside those under test. */
  readonly client: PostgresClient;
  readonly configure: (config: PlatformConfig) => Promise<string>;
  /** Runs the function with a config. */
  readonly verify: (config: PlatformConfig, url?: string) => Promise<Report<ExtensionsSeen>>;
  /** Runs the command in the folder. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProcessResult>;
}

/** A scratch database, and a folder for a config. */
export async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  await withScratchDatabase((url) =>
    withTempFolder((folder) =>
      withClient({ url, applicationName: "test" }, async (client) => {
        const configure = async (config: PlatformConfig): Promise<string> => {
          const file = join(folder, "platform.config.json");
          await writeFile(file, JSON.stringify(config));
          return file;
        };
        const verify: Place["verify"] = async (config, other = url) => verifyExtensions({ databaseUrl: other }, { config: await configure(config) });
        const own = { DATABASE_URL: url, REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state") };
        const run: Place["run"] = (args, env = {}) => runBin("verify-extensions", args, { cwd: folder, env: { ...own, ...env } });
        await work({ url, folder, client, configure, verify, run });
      }),
    ),
  );
}
