import { existsSync } from "node:fs";
import { join } from "node:path";
import { localPostgres } from "@org/start-dependencies/servers";
import { runProcess } from "./run-process.ts";
import { postgresServer } from "./shared-servers.ts";

/** What `pg_dump <args>` prints for a database: with the program of the server's own installation, else the newest one. */
export async function pgDump(url: string, args: readonly string[] = []): Promise<string> {
  const folders = [(await postgresServer()).binDir, ...(await localPostgres(process.env["PATH"] ?? "")).map(({ binDir }) => binDir)];
  const folder = folders.find((folder) => existsSync(join(folder, "pg_dump")));
  if (folder === undefined) throw new Error("no pg_dump was found");
  const { exitCode, stdout, stderr } = await runProcess(join(folder, "pg_dump"), [`--dbname=${url}`, ...args]);
  if (exitCode !== 0) throw new Error(`pg_dump ended with ${exitCode}: ${stderr}`);
  return stdout;
}
