import { postgresServer } from "@org/testkit";
import { beforeAll, expect, test } from "vitest";
import { advisoryLockKey, withAdvisoryLock, withClient, type PostgresClient } from "./index.ts";

let url: string;
beforeAll(async () => {
  url = (await postgresServer()).url;
});

test("a key is stable, 64 bits wide and signed", () => {
  expect(advisoryLockKey("run-migrations")).toBe(2_448_855_346_176_512_608n);
  expect(advisoryLockKey("a")).toBe(-3_848_465_438_864_589_366n);
  expect(advisoryLockKey("b")).toBe(4_477_677_635_727_087_946n);
});

test.each([["positive", 7n << 40n], ["negative", -5n], ["smallest", -(2n ** 63n)], ["largest", 2n ** 63n - 1n]])(
  "two sessions cannot hold a %s key at once, and the loser is told who holds it",
  async (_, key) => {
    await session("the-holder", (holder) =>
      withAdvisoryLock(holder, { key, waitMs: 0 }, async () => {
        const { rows } = await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        const refused = session("the-loser", (loser) => withAdvisoryLock(loser, { key, waitMs: 120 }, never));
        await expect(refused).rejects.toMatchObject({ code: "timedOut", message: expect.stringContaining(`process ${rows[0]?.pid} (the-holder, user postgres, since 2`) });
      }),
    );
  },
);

test("waits until the holder has done, and gives the lock back after success and failure", async () => {
  const key = advisoryLockKey("handed over");
  const order: string[] = [];
  let second = Promise.resolve();
  await session("first", (first) =>
    withAdvisoryLock(first, { key, waitMs: 0 }, async () => {
      second = session("second", (client) => withAdvisoryLock(client, { key, waitMs: 10_000 }, async () => void order.push("second")));
      await expect.poll(() => session("observer", async (client) => (await client.query("SELECT FROM pg_stat_activity WHERE application_name = 'second'")).rowCount)).toBe(1);
      order.push("first");
    }),
  );
  await second;
  expect(order).toEqual(["first", "second"]);
  await session("third", async (client) => {
    await expect(withAdvisoryLock(client, { key, waitMs: 0 }, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    await session("fourth", (other) => withAdvisoryLock(other, { key, waitMs: 0 }, () => Promise.resolve()));
  });
});

test("a holder that leaves between the question and the answer is no reason to give up", async () => {
  const key = advisoryLockKey("just left");
  await session("holder", async (holder) => {
    await holder.query("SELECT pg_advisory_lock($1)", [String(key)]);
    await session("client", async (client) => {
      const leaving = Object.create(client) as PostgresClient;
      leaving.query = async (text: string, values: unknown[]) => {
        if (text.includes("pg_locks")) await holder.query("SELECT pg_advisory_unlock($1)", [String(key)]);
        return client.query(text, values);
      };
      expect(await withAdvisoryLock(leaving, { key, waitMs: 0 }, () => Promise.resolve("had"))).toBe("had");
    });
  });
});

test("abort ends the wait", async () => {
  const key = advisoryLockKey("never given");
  await session("holder", (holder) =>
    withAdvisoryLock(holder, { key, waitMs: 0 }, async () => {
      const reason = new Error("enough");
      const abort = new AbortController();
      const waiting = session("waiter", (client) => withAdvisoryLock(client, { key, waitMs: 60_000, signal: abort.signal }, never));
      abort.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    }),
  );
});

function session<T>(applicationName: string, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withClient({ url, applicationName }, work);
}

function never(): Promise<never> {
  throw new Error("the lock was given twice");
}
