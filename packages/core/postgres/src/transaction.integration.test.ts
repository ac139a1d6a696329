import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { tableExists, withClient, withTransaction, type PostgresClient } from "./index.ts";

test("commits what the work did and returns its result", async () => {
  await inScratch(async (client) => {
    await expect(withTransaction(client, async () => (await client.query("CREATE TABLE kept ()")).command)).resolves.toBe("CREATE");
    expect(await tableExists(client, "public", "kept")).toBe(true);
  });
});

test("rolls back when the work throws, and the first error is the one reported", async () => {
  await inScratch(async (client) => {
    const failing = withTransaction(client, async () => {
      await client.query("CREATE TABLE lost ()");
      throw new Error("first");
    });
    await expect(failing).rejects.toThrow("first");
    expect(await tableExists(client, "public", "lost")).toBe(false);
  });
  const dying = inScratch((client) => withTransaction(client, async () => client.query("SELECT pg_terminate_backend(pg_backend_pid())")));
  await expect(dying).rejects.toMatchObject({ code: "connection", message: expect.stringContaining("57P01") });
});

test("a failure that the work ignored is no commit", async () => {
  await inScratch(async (client) => {
    const careless = withTransaction(client, async () => {
      await client.query("CREATE TABLE lost ()");
      await client.query("SELECT * FROM nowhere").catch(() => "ignored");
    });
    await expect(careless).rejects.toThrow("rolled back");
    expect(await tableExists(client, "public", "lost")).toBe(false);
  });
});

function inScratch<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withScratchDatabase((url) => withClient({ url, applicationName: "transaction-tests" }, work));
}
