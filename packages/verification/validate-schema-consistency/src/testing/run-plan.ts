import type { PostgresClient } from "@org/postgres";
import type { Plan } from "../repair/plan.ts";

/** Runs the statements of a plan within the session's transaction; an error tells the statement. */
export async function runPlan(client: PostgresClient, { steps }: Plan): Promise<void> {
  await client.query("SET LOCAL search_path = pg_catalog; SET LOCAL check_function_bodies = off");
  for (const { sql } of steps.flatMap(({ statements }) => statements)) {
    await client.query(sql).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}, at: ${sql}`);
    });
  }
}

/** The database as the work sees it; everything is rolled back. */
export async function rolledBack<T>(client: PostgresClient, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  try {
    return await work();
  } finally {
    await client.query("ROLLBACK");
  }
}
