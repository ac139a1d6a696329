// Needs Postgres, which the testkit starts.
import { applyStateMigrations } from "@org/script/history";
import { historyLines, withPlace } from "@org/testkit";
import { expect, test } from "vitest";
import { runIn } from "./testing/command.ts";

const once = { "migrations/1_a.sql": "CREATE TABLE a (id int); INSERT INTO a VALUES (1);", "migrations/2_i.sql": "CREATE INDEX CONCURRENTLY i ON a (id);" };
const again = { "migrations/1_a.sql": "CREATE TABLE IF NOT EXISTS a (id int); INSERT INTO a VALUES (1);", "migrations/2_i.sql": "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (id);" };
const eight = Array.from({ length: 8 }, (_, index) => index);

test("8 runs at once on one history: one applies, the others wait and find nothing to do", async () => {
  await withPlace(once, async (place) => {
    const ended = await Promise.all(eight.map(() => runIn(place, "--no-history")));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual(eight.map(() => 0));
    expect(ended.filter(({ stderr }) => stderr.includes("Applied 1_a.sql"))).toHaveLength(1);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

test("8 runs at once that do not wait: each applies, has nothing to do, or names the session that holds the lock", async () => {
  await withPlace(once, async (place) => {
    const ended = await Promise.all(eight.map(() => runIn(place, "--no-history", "--wait-lock", "0s")));
    for (const { exitCode, stderr } of ended) expect([exitCode, stderr]).toEqual(exitCode === 0 ? [0, stderr] : [7, expect.stringMatching(/process \d+ \(run-migrations, user \w+/u)]);
    expect(ended.filter(({ stderr }) => stderr.includes("Applied 2_i.sql"))).toHaveLength(1);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

test("8 runs at once through two histories of one database apply each file once for each history", async () => {
  await withPlace(again, async (place) => {
    await applyStateMigrations(place.client, "other");
    const ended = await Promise.all(eight.map((index) => runIn(place, "--state-schema", index % 2 === 0 ? "platform" : "other", "--no-history")));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual(eight.map(() => 0));
    expect((await place.client.query("SELECT * FROM a")).rows).toHaveLength(2);
    const { rows } = await place.client.query("SELECT version FROM platform.migration_history UNION ALL SELECT version FROM other.migration_history");
    expect(rows).toHaveLength(4);
  });
});
