import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { withClient, type PostgresClient } from "./index.ts";
import { transactionBound } from "./session-settings.ts";

const settings = { default_transaction_read_only: "on", statement_timeout: 12_345, lock_timeout: 50 };

test("every statement is read-only and bounded, and the session behind stays as it was", async () => {
  await behindPooler(async (bound, plain) => {
    expect((await bound.query("SELECT $1::int AS n, current_setting('statement_timeout') AS t", [7])).rows).toEqual([{ n: 7, t: "12345ms" }]);
    await expect(bound.query("CREATE TABLE x ()")).rejects.toMatchObject({ code: "25006" });
    expect((await bound.query("SELECT 1 AS after")).rows).toEqual([{ after: 1 }]);
    expect((await plain.query("SELECT current_setting('statement_timeout') AS t, current_setting('transaction_read_only') AS r")).rows).toEqual([{ t: "0", r: "off" }]);
  });
});

test("a transaction of the caller stays one, is read-only and bounded", async () => {
  await behindPooler(async (bound) => {
    const now = async (): Promise<unknown> => (await bound.query("SELECT now()::text AS now, current_setting('lock_timeout') AS t")).rows;
    await bound.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE");
    const first = await now();
    await bound.query("SAVEPOINT s");
    await expect(bound.query("CREATE TABLE x ()")).rejects.toMatchObject({ code: "25006" });
    await bound.query("ROLLBACK TO SAVEPOINT s");
    expect(await now()).toEqual(first);
    await bound.query("COMMIT");
    expect(await now()).not.toEqual(first);
  });
});

function behindPooler(work: (bound: PostgresClient, plain: PostgresClient) => Promise<void>): Promise<void> {
  return withScratchDatabase((url) => withClient({ url, applicationName: "settings-tests" }, (plain) => work(transactionBound(plain, settings), plain)));
}
