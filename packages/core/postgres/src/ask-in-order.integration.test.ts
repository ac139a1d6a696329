// Needs Postgres.
import { postgresServer } from "@org/testkit";
import { expect, test } from "vitest";
import { askInOrder } from "./ask-in-order.ts";
import { withClient, type PostgresClient } from "./index.ts";

async function connected(pipeline: boolean, work: (client: PostgresClient) => Promise<void>): Promise<void> {
  return withClient({ url: (await postgresServer()).url, applicationName: "test", pipeline }, work);
}

const ask = (client: PostgresClient, n: number): Promise<number> => client.query<{ n: number }>("SELECT $1::int AS n", [n]).then(({ rows }) => rows[0]!.n);

test.each([true, false])("every question is answered, in its place (sent at once: %s)", (pipeline) =>
  connected(pipeline, async (client) => {
    expect(await askInOrder<[number, number, number]>(client, () => ask(client, 1), () => ask(client, 2), () => ask(client, 3))).toEqual([1, 2, 3]);
  }));

test("one by one, nothing is asked after a refusal", () =>
  connected(false, async (client) => {
    let asked = 0;
    const next = (): Promise<number> => ask(client, (asked += 1));
    await expect(askInOrder(client, next, () => client.query("SELECT 1/0"), next)).rejects.toMatchObject({ code: "22012" });
    expect(asked).toBe(1);
  }));

test("at once, the first refusal is told when everything is answered", () =>
  connected(true, async (client) => {
    const answered: string[] = [];
    const slow = (): Promise<unknown> => client.query("SELECT pg_sleep(0.05)").then(() => answered.push("slow"));
    const refused = (text: string) => (): Promise<unknown> => client.query(text);
    await expect(askInOrder(client, refused("SELECT 1/0"), refused("SELECT nothing"), slow)).rejects.toMatchObject({ code: "22012" });
    expect(answered).toEqual(["slow"]);
  }));
