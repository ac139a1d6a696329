// Stops the server of a folder and removes the folder when the process that wanted it is gone, however that ended.
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheOfFolder, cacheStopSteps, isRunning, postgresOfDataDir, postgresStopSteps, stopProcess } from "@org/start-dependencies/servers";

const [ownerPid, ownerStartedAt, folder, port] = process.argv.slice(2) as [string, string, string, string];
const owner = { pid: Number(ownerPid), startedAt: ownerStartedAt };

while (isRunning(owner) && existsSync(folder)) await sleep(300);
const postgres = await postgresOfDataDir(join(folder, "data"));
if (postgres !== undefined) await stopProcess(postgres, postgresStopSteps);
const cache = await cacheOfFolder(folder, Number(port));
if (cache !== undefined) await stopProcess(cache, [...cacheStopSteps, { signal: "SIGKILL", patienceMs: 5000 }]);
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
await removeSharedFolder(dirname(folder));

async function removeSharedFolder(shared: string): Promise<void> {
  if (!shared.includes("platform-testkit-shared-") || !existsSync(shared)) return;
  const servers = (await readdir(shared)).filter((name) => name.startsWith("server-"));
  if (servers.length === 0) await rm(shared, { recursive: true, force: true, maxRetries: 5 });
}
