import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { fail, pass, skipped, warn, type Check, type Finding, type PlatformConfig } from "@org/script";
import type { DoctorContext } from "../doctor-context.ts";

export const configChecks: readonly Check<DoctorContext>[] = [
  { id: "config.paths", title: "What the config points to exists", run: pathsExist },
  { id: "config.secrets", title: "The config holds no password", run: holdsNoPassword },
];

async function pathsExist({ run: { config, configFile, root } }: DoctorContext): Promise<Finding> {
  if (configFile === undefined) return skipped("there is no platform.config file; defaults hold");
  const named = [config.migrations?.directory, ...(config.extensionFiles ?? [])].filter((path) => path !== undefined);
  const missing = (await Promise.all(named.map(async (path) => ((await exists(resolve(root, path))) ? [] : [path])))).flat();
  if (missing.length > 0) {
    return fail(
      `${configFile} names what is not there: ${missing.join(", ")}`,
      "Correct migrations.directory and extensionFiles; paths are relative to the folder of the config.",
    );
  }
  return pass(`${configFile} is valid${named.length === 0 ? "" : `, and its ${named.length} paths exist`}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function holdsNoPassword({ run: { config, configFile } }: DoctorContext): Finding {
  if (configFile === undefined) return skipped("there is no platform.config file");
  return passwordFinding(config);
}

export function passwordFinding(config: PlatformConfig): Finding {
  const keys = (["databaseUrl", "redisUrl"] as const).filter((key) => /^[a-z]+:\/\/[^/?#]*:[^/?#]+@/i.test(config[key] ?? ""));
  if (keys.length === 0) return pass("no URL of the config holds a password");
  return warn(
    `${keys.join(" and ")} of the config ${keys.length === 1 ? "holds" : "hold"} a password, which ends up in version control`,
    "Move it into the environment or .env (DATABASE_URL, REDIS_URL).",
  );
}
