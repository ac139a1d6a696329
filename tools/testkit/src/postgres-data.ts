import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { userInfo } from "node:os";
import { initialiseDataDir, type OsUser, type PostgresBinaries } from "@org/start-dependencies/servers";
import { runProcess } from "./run-process.ts";

export interface NewDataDir {
  readonly binaries: PostgresBinaries;
  readonly dataDir: string;
  readonly osUser: OsUser | undefined;
}

const templates = join(import.meta.dirname, "../../../node_modules/.cache/testkit");

/**
 * Makes a data directory and resolves to the password of its superuser. initdb is most of the time that a server takes to
 * start, so its work is kept in this workspace and copied from then on.
 */
export async function makeDataDir(wanted: NewDataDir): Promise<string> {
  const template = join(templates, templateName(wanted));
  const password = await passwordOf(template);
  if (password === undefined) return initialise(wanted, template);
  await copy(join(template, "data"), wanted.dataDir);
  return password;
}

/** What decides how the files look and who may read them. */
function templateName({ binaries, osUser }: NewDataDir): string {
  const made = [binaries.binDir, userInfo().uid, osUser?.uid ?? ""].join();
  return `postgres-${binaries.version}-${createHash("sha256").update(made).digest("hex").slice(0, 8)}`;
}

async function passwordOf(template: string): Promise<string | undefined> {
  try {
    return await readFile(join(template, "password"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function initialise({ binaries, dataDir, osUser }: NewDataDir, template: string): Promise<string> {
  const password = randomBytes(12).toString("hex");
  await initialiseDataDir({ binaries, dataDir, password, osUser, durable: false });
  await mkdir(dirname(template), { recursive: true });
  const unfinished = await mkdtemp(`${template}.`);
  await copy(dataDir, join(unfinished, "data"));
  await writeFile(join(unfinished, "password"), password, { mode: 0o600 });
  await rename(unfinished, template).catch((error: NodeJS.ErrnoException) => {
    // Another process was first, and its template is as good.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    return rm(unfinished, { recursive: true });
  });
  return password;
}

/** With owners and modes, on which Postgres insists. */
async function copy(from: string, to: string): Promise<void> {
  const { exitCode, stderr } = await runProcess("cp", ["-a", from, to]);
  if (exitCode !== 0) throw new Error(`${from} could not be copied: ${stderr}`);
}
