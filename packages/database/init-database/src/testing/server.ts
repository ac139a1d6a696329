// A Postgres that logs every statement, and what the tests ask of it.
import { randomBytes } from "node:crypto";
import { parseEnv } from "node:util";
import { readFile } from "node:fs/promises";
import { withClient, withDatabase, type PostgresResult } from "@org/postgres";
import type { Report } from "@org/script";
import type { InitData } from "../init-database.ts";
import { initDatabase } from "../script.ts";

/** A name that no other test uses: roles belong to the whole server. */
export function freshName(): string {
  return `shop_${randomBytes(4).toString("hex")}`;
}

export function onDatabase<Row = Record<string, unknown>>(url: string, text: string): Promise<PostgresResult<Row>> {
  return withClient({ url, applicationName: "test" }, (client) => client.query<Row>(text));
}

export interface Place {
  /** Of the superuser, to the database `postgres`. */
  readonly serverUrl: string;
  readonly name: string;
  readonly stateDir: string;
}

type Input = NonNullable<Parameters<typeof initDatabase>[0]>;
type CallOptions = NonNullable<Parameters<typeof initDatabase>[1]>;

/** Runs the script as an importing program does, on the database of the place. */
export function init({ serverUrl, name, stateDir }: Place, input: Input = {}, options: CallOptions = {}): Promise<Report<InitData>> {
  return initDatabase({ databaseUrl: withDatabase(serverUrl, name), ...input }, { cwd: stateDir, env: { STATE_DIR: stateDir }, ...options });
}

/** The same server for another login. */
export function loginUrl(serverUrl: string, user: string, password: string): string {
  const url = new URL(serverUrl);
  url.username = encodeURIComponent(user);
  url.password = password;
  return url.href;
}

export async function readCredentials(report: Report<InitData>): Promise<Record<string, string>> {
  return parseEnv(await readFile(report.data?.credentialsFile ?? "", "utf8")) as Record<string, string>;
}

export function verdicts(report: Report<InitData>): Record<string, string> {
  return Object.fromEntries(report.checks.map(({ id, verdict }) => [id, verdict]));
}
