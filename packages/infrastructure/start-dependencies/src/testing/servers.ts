import { withCache } from "@org/cache";
import { withClient } from "@org/postgres";

export interface Urls {
  readonly DATABASE_URL: string;
  readonly REDIS_URL: string;
}

/** Puts a mark into both servers. */
export async function mark({ DATABASE_URL, REDIS_URL }: Urls): Promise<void> {
  await withClient({ url: DATABASE_URL, applicationName: "test" }, (client) => client.query("CREATE TABLE mark (id int)"));
  await withCache({ url: REDIS_URL, clientName: "test" }, (client) => client.set("mark", "here"));
}

/** Which servers still have their mark. */
export async function marks({ DATABASE_URL, REDIS_URL }: Urls): Promise<{ readonly postgres: boolean; readonly cache: boolean }> {
  const postgres = await withClient({ url: DATABASE_URL, applicationName: "test" }, (client) => client.query<{ found: boolean }>("SELECT to_regclass('mark') IS NOT NULL AS found"));
  const cache = await withCache({ url: REDIS_URL, clientName: "test" }, (client) => client.get("mark"));
  return { postgres: postgres.rows[0]?.found === true, cache: cache === "here" };
}
