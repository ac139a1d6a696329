import type { PostgresClient } from "./client.ts";

/** Runs the work between BEGIN and COMMIT; rolls back when it throws and passes its error on. */
export async function withTransaction<T>(client: PostgresClient, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  try {
    const result = await work(client);
    await commit(client);
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {
      // The work's error is the one to report, and a session that cannot roll back is rolled back by the server when it closes.
    });
    throw error;
  }
}

// The server answers COMMIT of a failed transaction with ROLLBACK and no error.
async function commit(client: PostgresClient): Promise<void> {
  const { command } = await client.query("COMMIT");
  if (command === "ROLLBACK") throw new Error("the transaction was rolled back: one of its statements had failed and the failure was ignored");
}
