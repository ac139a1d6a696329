// Needs Postgres, which the testkit starts.
import { commandOptions, historyLines, runBin, withPlace, type Files, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { tables } from "./testing/place.ts";

const files: Files = Object.fromEntries(
  [1, 2, 3, 4, 5].flatMap((i) => [[`migrations/${i}_m.up.sql`, `CREATE TABLE t${i} (id int)`], [`migrations/${i}_m.down.sql`, `DROP TABLE t${i}`]]),
);

function run(place: Place, command: string, ...args: string[]): ReturnType<typeof runBin> {
  return runBin(command, [...args, "--no-history"], commandOptions(place));
}

async function withMigrated(work: (place: Place) => Promise<void>): Promise<void> {
  await withPlace(files, async (place) => {
    expect((await run(place, "run-migrations")).exitCode).toBe(0);
    await work(place);
  });
}

/** Every version is as the last word of the history says. */
async function agree({ client }: Place): Promise<void> {
  const last = new Map((await historyLines(client)).map((line) => line.split(" ") as [string, string]));
  expect(await tables(client)).toEqual([...last].filter(([, word]) => word !== "down").map(([version]) => `t${version}`).toSorted());
}

test("rollbacks and runs of run-migrations at once: one after the other works, and history and schema agree", async () => {
  await withMigrated(async (place) => {
    const ended = await Promise.all([run(place, "rollback-migrations", "--to", "2"), run(place, "run-migrations"), run(place, "rollback-migrations", "--to", "0"), run(place, "run-migrations")]);
    expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(ended.map(({ stderr }) => [0, stderr]));
    await agree(place);
  });
});

test("who does not want to wait names the session that holds the lock", async () => {
  await withMigrated(async (place) => {
    const ended = await Promise.all([1, 2, 3, 4].map(() => run(place, "rollback-migrations", "--to", "0", "--wait-lock", "0s")));
    for (const { exitCode, stderr } of ended) expect([exitCode, stderr]).toEqual(exitCode === 0 ? [0, stderr] : [7, expect.stringMatching(/process \d+ \(rollback-migrations, user \w+/u)]);
    expect(ended.filter(({ stderr }) => stderr.includes("Rolled back m with 1_m.down.sql"))).toHaveLength(1);
    await agree(place);
    expect(await tables(place.client)).toEqual([]);
  });
});
