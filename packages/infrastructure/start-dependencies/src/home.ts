import { createHash } from "node:crypto";
import { access, chmod, constants, lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import { ScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import { canEnter, postgresOsUser } from "./os-user.ts";
import { dataDirMajor } from "./postgres-server.ts";
import { foreignFile } from "./read-if-there.ts";

/** The folders that may hold the data of a state folder: beside the state, or where another user can get through. */
export function possibleHomes(stateDir: string): readonly [beside: string, elsewhere: string] {
  return [join(stateDir, "dependencies"), join("/var/lib/platform-scripts", projectHash(stateDir))];
}

/** Short, and the same for the same state folder. */
export function projectHash(stateDir: string): string {
  return createHash("sha256").update(stateDir).digest("hex").slice(0, 12);
}

/** The home that holds data already, else undefined. */
export async function presentHome(stateDir: string): Promise<string | undefined> {
  for (const home of possibleHomes(stateDir)) {
    if ((await dataDirMajor(postgresDataDir(home))) !== undefined) return home;
  }
  return undefined;
}

export function postgresDataDir(home: string): string {
  return join(home, "postgres", "data");
}

/** Makes the state folder and, in it, the one of this package. Throws ScriptError(permission) when this user may not. */
export async function makeStateFolders(stateDir: string): Promise<void> {
  const own = join(stateDir, "dependencies");
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o711 });
    await letOthersThrough(stateDir);
    await mkdir(own, { recursive: true, mode: 0o711 });
    await access(own, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw foreignFile(own, error);
    throw error;
  }
}

/** A state folder that only root may enter would keep the user out that Postgres runs as; entering shows no names. */
async function letOthersThrough(stateDir: string): Promise<void> {
  const { uid, mode } = await lstat(stateDir);
  const isRoots = userInfo().uid === 0 && uid === 0;
  if (isRoots && (mode & 0o011) !== 0o011) await chmod(stateDir, (mode & 0o777) | 0o011);
}

/** The folder that holds the data of both services, made when it is missing. */
export async function openHome(stateDir: string, logger: Logger): Promise<string> {
  const [beside, elsewhere] = possibleHomes(stateDir);
  const present = await presentHome(stateDir);
  if (present !== undefined) return present;
  const osUser = await postgresOsUser();
  if (osUser === undefined || canEnter(beside, osUser)) return beside;
  await mkdir(elsewhere, { recursive: true, mode: 0o711 });
  await refuseForeignFolder(elsewhere);
  logger.info(`The data goes to ${elsewhere}, because Postgres runs as the user ${osUser.name}, who cannot enter ${beside}`);
  return elsewhere;
}

async function refuseForeignFolder(folder: string): Promise<void> {
  const { uid } = await lstat(folder);
  if (uid === userInfo().uid) return;
  throw new ScriptError("permission", `${folder} belongs to another user`, { hint: "Remove it, or choose another state folder with STATE_DIR." });
}
