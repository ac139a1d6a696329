import { randomBytes } from "node:crypto";
import { execute } from "./execute.ts";

export interface LoginRole {
  readonly name: string;
  /** The database's URL with the role's name and password. */
  readonly url: string;
}

/** Makes a role that may log in, hands it to the work and drops it with everything that it owns in this database. */
export async function withLoginRole(databaseUrl: string, work: (role: LoginRole) => Promise<void>): Promise<void> {
  const [name, password] = [`role_${randomBytes(6).toString("hex")}`, "correct-horse"];
  await execute(databaseUrl, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  try {
    await work({ name, url: Object.assign(new URL(databaseUrl), { username: name, password }).href });
  } finally {
    await execute(databaseUrl, `DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`);
  }
}
