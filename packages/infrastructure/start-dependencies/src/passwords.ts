import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { writePrivateFile } from "./atomic-file.ts";
import { readIfThere } from "./read-if-there.ts";
import type { ServiceName } from "./service.ts";

export type Passwords = { readonly [S in ServiceName]: string };

/** The generated passwords of a state folder; undefined before the first start. */
export async function readPasswords(stateDir: string): Promise<Passwords | undefined> {
  const text = await readIfThere(passwordFile(stateDir));
  return text === undefined ? undefined : (JSON.parse(text) as Passwords);
}

/** Generates them once. `created` tells that no password of older data is known. */
export async function openPasswords(stateDir: string): Promise<{ readonly passwords: Passwords; readonly created: boolean }> {
  const present = await readPasswords(stateDir);
  if (present !== undefined) return { passwords: present, created: false };
  const passwords = { postgres: randomBytes(24).toString("base64url"), cache: randomBytes(24).toString("base64url") };
  await writePrivateFile(passwordFile(stateDir), `${JSON.stringify(passwords)}\n`);
  return { passwords, created: true };
}

function passwordFile(stateDir: string): string {
  return join(stateDir, "dependencies", "passwords.json");
}
