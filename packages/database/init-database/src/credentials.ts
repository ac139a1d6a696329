import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { ScriptError } from "@org/exit-codes";
import { parsePostgresUrl, withDatabase } from "@org/postgres";
import { writeFileSafely } from "@org/script";
import { generatePassword } from "./password.ts";

export interface Login {
  readonly role: string;
  /** The variable of the env file that holds the role's connection URL. */
  readonly variable: string;
}

export interface CredentialsPlace {
  readonly file: string;
  /** Whether the file is alone in a folder of its own, which version control is to leave out. */
  readonly ownFolder: boolean;
  /** The URL that the session connects with; the roles' URLs differ in user, password and database. */
  readonly url: string;
  readonly database: string;
}

export interface Passwords {
  readonly byRole: ReadonlyMap<string, string>;
  /** Takes back what was written, for roles that another process has made meanwhile. */
  readonly withdraw: () => Promise<void>;
}

/** Where the URLs go unless the caller names a file: into a folder of their own in the state folder. */
export function defaultCredentialsFile(stateDir: string, { url, database }: { readonly url: string; readonly database: string }): string {
  const { host, port } = parsePostgresUrl(url);
  return join(stateDir, "credentials", `${[host, String(port), database].map(encodeURIComponent).join("-")}.env`);
}

/**
 * Generates a password for each login and writes their URLs into the env file, before the roles exist: a run that is killed between
 * loses no password, because the next one takes those that the file holds. Throws a ScriptError (configuration) when the file
 * already holds other URLs under these names; they are never overwritten.
 */
export async function issuePasswords(place: CredentialsPlace, logins: readonly Login[]): Promise<Passwords> {
  const before = await readIfPresent(place.file);
  const present = parseEnv(before ?? "");
  const byRole = new Map(logins.map((login) => [login.role, keptPassword(place, login, present[login.variable]) ?? generatePassword()]));
  const lines = logins.map(({ role, variable }) => [variable, roleUrl(place, role, byRole.get(role) ?? "")] as const);
  const after = lines.reduce((text, [variable, url]) => withLine(text, variable, url), before ?? header);
  if (after !== before) await writeCredentials(place, after);
  return { byRole, withdraw: () => restore(place.file, before, after) };
}

const header = "# Connection URLs of the roles that init-database made. Keep this file secret.\n";

function keptPassword(place: CredentialsPlace, { role, variable }: Login, url: string | undefined): string | undefined {
  if (url === undefined || url === "") return undefined;
  const password = passwordOf(url);
  if (password !== undefined && url === roleUrl(place, role, password)) return password;
  throw new ScriptError("configuration", `${place.file} already sets ${variable} to something else than the new role ${JSON.stringify(role)} of this database`, {
    hint: `Remove the line from the file, or name another one with --credentials-file.`,
  });
}

function passwordOf(url: string): string | undefined {
  try {
    return parsePostgresUrl(url).password;
  } catch {
    // Whatever the line holds, it is no URL of one of these roles.
    return undefined;
  }
}

function roleUrl({ url, database }: CredentialsPlace, role: string, password: string): string {
  const address = new URL(withDatabase(url, database));
  for (const name of ["user", "password"]) address.searchParams.delete(name);
  address.username = encodeURIComponent(role);
  address.password = password;
  return address.href;
}

function withLine(text: string, variable: string, url: string): string {
  const line = `${variable}=${url}`;
  const present = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=.*$`, "m");
  if (present.test(text)) return text.replace(present, () => line);
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
}

async function writeCredentials({ file, ownFolder }: CredentialsPlace, text: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (ownFolder) await writeFileSafely(join(folder, ".gitignore"), "*\n");
  await writeFileSafely(file, text);
}

async function restore(file: string, before: string | undefined, written: string): Promise<void> {
  if ((await readIfPresent(file)) !== written) return;
  if (before === undefined) await rm(file, { force: true });
  else await writeFileSafely(file, before);
}

async function readIfPresent(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new ScriptError("configuration", `${file} cannot be read: ${error.message}`, { hint: "Name another file with --credentials-file.", cause: error });
  });
}
