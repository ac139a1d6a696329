import { existsSync } from "node:fs";
import { join } from "node:path";
import { localPostgres } from "@org/start-dependencies/servers";
import { runProcess } from "./run-process.ts";
import { postgresServer } from "./shared-servers.ts";

/** What `pg_dump <args>` prints for a database. */
export async function pgDump(url: string, args: readonly string[] = []): Promise<string> {
  return runClient("pg_dump", [`--dbname=${url}`, ...args]);
}

/** Runs an SQL file as `psql -f` does, up to its first error, and gives what it prints. */
export async function psqlFile(url: string, file: string): Promise<string> {
  return runClient("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", `--dbname=${url}`, "-f", file]);
}

/** Restores what `pg_dump -Fc --file` wrote into an empty database. */
export async function pgRestore(url: string, file: string): Promise<void> {
  await runClient("pg_restore", ["--exit-on-error", `--dbname=${url}`, file]);
}

/** With the program of the server's own installation, else the newest one: one on PATH may be a wrapper. */
async function runClient(program: "pg_dump" | "pg_restore" | "psql", args: readonly string[]): Promise<string> {
  const folders = [(await postgresServer()).binDir, ...(await localPostgres(process.env["PATH"] ?? "")).map(({ binDir }) => binDir)];
  const folder = folders.find((one) => existsSync(join(one, program)));
  if (folder === undefined) throw new Error(`no ${program} was found`);
  const { exitCode, stdout, stderr } = await runProcess(join(folder, program), args);
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}: ${stderr}`);
  return stdout;
}
