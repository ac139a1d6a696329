import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { isRunning, processIdentity, withLock, type ProcessIdentity } from "@org/start-dependencies/servers";
import { startOwnedCache, type CacheServer } from "./private-cache.ts";
import { startOwnedPostgres, type PostgresServer, type PrivatePostgresOptions } from "./private-postgres.ts";

/** The Postgres that all tests of one vitest run share, started by the first that asks; the embedded one is a second, for what differs between versions. */
export function postgresServer({ embedded = false }: Pick<PrivatePostgresOptions, "embedded"> = {}): Promise<PostgresServer> {
  return shared<PostgresServer>(embedded ? "embedded-postgres" : "postgres", async (folder) => {
    const { url, host, port, password, version, binDir, pid } = await startOwnedPostgres({ embedded }, folder);
    return { server: { url, host, port, password, version, binDir }, pid };
  });
}

/** The cache that all tests of one vitest run share, started by the first that asks. */
export function cacheServer(): Promise<CacheServer> {
  return shared<CacheServer>("cache", async (folder) => {
    const { url, port, password, flavour, pid } = await startOwnedCache({}, folder);
    return { server: { url, port, password, flavour }, pid };
  });
}

interface Record<Server> {
  readonly server: Server;
  readonly process: ProcessIdentity;
}

type Start<Server> = (folder: { owner: ProcessIdentity; parent: string }) => Promise<{ server: Server; pid: number }>;

const known = new Map<string, Promise<unknown>>();

function shared<Server>(name: string, start: Start<Server>): Promise<Server> {
  const present = known.get(name) ?? startOrFind(name, start);
  known.set(name, present);
  return present as Promise<Server>;
}

async function startOrFind<Server>(name: string, start: Start<Server>): Promise<Server> {
  const owner = runOwner();
  const parent = await runFolder(owner);
  return withLock(join(parent, `lock-${name}`), async () => {
    const file = join(parent, `${name}.json`);
    const present = await readRecord<Server>(file);
    if (present !== undefined && isRunning(present.process)) return present.server;
    const { server, pid } = await start({ owner, parent });
    await writeFile(file, JSON.stringify({ server, process: processIdentity(pid) }), { mode: 0o600 });
    return server;
  });
}

/** The vitest process, which outlives its workers; the configuration names it. Outside vitest it is this process. */
function runOwner(): ProcessIdentity {
  const pid = Number(process.env["TESTKIT_OWNER"] ?? process.pid);
  const owner = processIdentity(pid);
  if (owner === undefined) throw new Error(`TESTKIT_OWNER names process ${pid}, which is not running`);
  return owner;
}

async function runFolder(owner: ProcessIdentity): Promise<string> {
  const run = createHash("sha256").update(`${owner.pid} ${owner.startedAt}`).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `platform-testkit-shared-${run}`);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const { uid } = await lstat(folder);
  if (uid !== userInfo().uid) throw new Error(`${folder} belongs to another user`);
  return folder;
}

async function readRecord<Server>(file: string): Promise<Record<Server> | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<Server>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
