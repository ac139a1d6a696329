import { randomUUID } from "node:crypto";
import { chown, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import type { OsUser } from "./os-user.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { processCommand, processIdentity, type ProcessIdentity } from "./process-identity.ts";
import { readIfThere } from "./read-if-there.ts";
import { spawnServer, type ServerProcess, type StopStep } from "./server-process.ts";

export interface DataDirOptions {
  readonly binaries: PostgresBinaries;
  /** Made by initdb; its parent must exist and belong to the user that Postgres runs as. */
  readonly dataDir: string;
  /** Of the superuser `postgres`. */
  readonly password: string;
  readonly osUser?: OsUser | undefined;
  /** False only for data that nobody needs after a crash of the machine. */
  readonly durable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Makes the data directory unless it is there already. It appears whole or not at all. */
export async function initialiseDataDir(options: DataDirOptions): Promise<void> {
  const { dataDir, password, osUser } = options;
  if ((await dataDirMajor(dataDir)) !== undefined) return;
  await removeUnfinished(dataDir);
  const unfinished = `${dataDir}.unfinished-${randomUUID()}`;
  const passwordFile = join(dirname(dataDir), `.password-${randomUUID()}`);
  await writeFile(passwordFile, password, { mode: 0o600, flag: "wx" });
  try {
    if (osUser) await chown(passwordFile, osUser.uid, osUser.gid);
    await runInitdb(options, unfinished, passwordFile);
    await rename(unfinished, dataDir);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** The major version that made the data directory; undefined when there is none. */
export async function dataDirMajor(dataDir: string): Promise<number | undefined> {
  const version = await readIfThere(join(dataDir, "PG_VERSION"));
  return version === undefined ? undefined : Number.parseInt(version, 10);
}

async function removeUnfinished(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  const left = (await readdir(parent)).filter((name) => name.startsWith(`${dataDir.slice(parent.length + 1)}.unfinished-`) || name.startsWith(".password-"));
  await Promise.all(left.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

async function runInitdb({ binaries, osUser, durable = true, signal }: DataDirOptions, dataDir: string, passwordFile: string): Promise<void> {
  const { execa } = await import("execa");
  const result = await execa(
    join(binaries.binDir, "initdb"),
    ["--pgdata", dataDir, "--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8", ...localeOptions(binaries.major), ...(durable ? [] : ["--no-sync"])],
    { all: true, reject: false, cwd: dirname(dataDir), extendEnv: false, env: serverEnvironment(), ...(osUser && { uid: osUser.uid, gid: osUser.gid }), ...(signal && { cancelSignal: signal }) },
  );
  if (result.isCanceled) throw signal?.reason;
  if (result.failed) throw initdbError(binaries.version, dirname(dataDir), result);
}

function initdbError(version: string, folder: string, result: { readonly all?: string | undefined; readonly message?: string | undefined }): ScriptError {
  const reason = result.all || result.message;
  const hint = reason?.includes("No space left on device") ? `Free some space on the disk of ${folder} (a new server takes 40 MB and more), then run it again.` : `Mend what initdb names; it worked in ${folder}.`;
  return new ScriptError("dependency", `initdb of Postgres ${version} failed: ${reason}`, { hint, cause: result });
}

/** Gives the superuser a new password without knowing the old one; the server must be stopped. */
export async function setPassword({ binaries, dataDir, password, osUser, signal }: DataDirOptions): Promise<void> {
  const { execa } = await import("execa");
  const statement = `ALTER ROLE postgres PASSWORD '${password.replaceAll("'", "''")}'\n`;
  const result = await execa(join(binaries.binDir, "postgres"), ["--single", "-D", dataDir, "postgres"], {
    reject: false,
    input: statement,
    cwd: dataDir,
    extendEnv: false,
    env: serverEnvironment(),
    ...(osUser && { uid: osUser.uid, gid: osUser.gid }),
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (result.failed) throw new ScriptError("general", `Postgres ${binaries.version} could not set a new password: ${result.shortMessage}`, { hint: `Set it by hand, or remove ${dataDir} with --purge.` });
}

/** UTF-8 with code point order everywhere: the same on every system, and no collation changes under an index. */
function localeOptions(major: number): string[] {
  if (major >= 17) return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  return process.platform === "linux" ? ["--locale=C.UTF-8"] : ["--locale=C"];
}

function serverEnvironment(): Record<string, string> {
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" };
}

export interface PostgresStart {
  readonly binaries: PostgresBinaries;
  readonly dataDir: string;
  readonly port: number;
  readonly logFile: string;
  readonly osUser?: OsUser | undefined;
  /** Server parameters, on top of address, port and socket. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Starts Postgres on 127.0.0.1 only, without a Unix socket. It is not ready yet when this returns. */
export async function startPostgres({ binaries, dataDir, port, logFile, osUser, settings = {} }: PostgresStart): Promise<ServerProcess> {
  await forgetRecycledPid(dataDir);
  const parameters = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", ...settings };
  return spawnServer({
    command: join(binaries.binDir, "postgres"),
    args: ["-D", dataDir, ...Object.entries(parameters).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    env: serverEnvironment(),
    cwd: dataDir,
    logFile,
    osUser,
  });
}

/**
 * A killed Postgres leaves its pid behind, and Postgres refuses to start when some other process of its user has that pid now. Only
 * the number goes: the rest of the file lets Postgres find orphaned sessions that still work on the data.
 */
async function forgetRecycledPid(dataDir: string): Promise<void> {
  const file = join(dataDir, "postmaster.pid");
  const [pid, ...rest] = (await readIfThere(file))?.split("\n") ?? [];
  if (pid === undefined || processIdentity(Number(pid)) === undefined || (await postgresOfDataDir(dataDir)) !== undefined) return;
  await writeFile(file, [impossiblePid, ...rest].join("\n"));
}

/** Above every system's highest pid. */
const impossiblePid = 2_147_483_646;

/** Fast shutdown first; an immediate one loses nothing either, because the next start replays the log. */
export const postgresStopSteps: readonly StopStep[] = [
  { signal: "SIGINT", patienceMs: 30_000 },
  { signal: "SIGQUIT", patienceMs: 10_000 },
];

/** The live server of a data directory, found without any record of ours. */
export async function postgresOfDataDir(dataDir: string): Promise<ProcessIdentity | undefined> {
  const pid = Number((await readIfThere(join(dataDir, "postmaster.pid")))?.split("\n")[0]);
  return pid > 0 && processCommand(pid)?.includes(dataDir) ? processIdentity(pid) : undefined;
}

/** Makes the folder that holds a data directory, owned by the user that Postgres runs as. */
export async function makePostgresFolder(folder: string, osUser: OsUser | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (osUser) await chown(folder, osUser.uid, osUser.gid);
}
