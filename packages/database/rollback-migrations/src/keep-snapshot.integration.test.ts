// Needs Postgres, which the testkit starts.
import { listSnapshotsOfRuns } from "@org/script/history";
import { commandOptions, runBin, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { back, withApplied } from "./testing/place.ts";

const files = { "1_a.up.sql": "CREATE TABLE a (id bigint PRIMARY KEY)", "1_a.down.sql": "DROP TABLE a", "2_b.up.sql": "CREATE TABLE b (id bigint PRIMARY KEY)", "2_b.down.sql": "DROP TABLE b" };

async function run(place: Place, command: string, ...args: string[]): ReturnType<typeof runBin> {
  return runBin(command, [...args, "--directory", place.folder], commandOptions(place));
}

test("after a rollback a later difference is dated by it", async () => {
  await withApplied(files, async (place) => {
    expect(await run(place, "rollback-migrations", "--steps", "1")).toMatchObject({ exitCode: 0 });
    const [latest, first, ...others] = await listSnapshotsOfRuns(place.client, "platform");
    expect([first !== undefined, others]).toEqual([true, []]);
    expect((await run(place, "validate-schema-consistency", "--no-history")).stdout).toMatch(/Tables match the migrations +1 compared, no difference/u);
    // By hand, what the rollback took away.
    await place.client.query("CREATE TABLE b (id bigint PRIMARY KEY)");
    const found = await run(place, "validate-schema-consistency", "--no-history");
    expect(found).toMatchObject({ exitCode: 6, stdout: expect.stringMatching(/table public\.b is there and not expected/u) });
    expect(found.stdout).toContain(`it was as expected when the run ${latest!.runId} ended`);
  });
});

test("a rollback that stops keeps what the first ways back left; one that does nothing, plans or is left out of the history keeps nothing", async () => {
  await withApplied({ ...files, "1_a.down.sql": "SELECT 1 / 0" }, async (place) => {
    const count = async (): Promise<number> => (await listSnapshotsOfRuns(place.client, "platform")).length;
    await back(place, { to: "2" });
    await back(place, { to: "0", dryRun: true });
    expect(await count()).toBe(1);
    expect((await back(place, { to: "0" })).exitCode).toBe(6);
    expect(await count()).toBe(2);
    expect(await run(place, "run-migrations", "--no-history")).toMatchObject({ exitCode: 0 });
    expect(await run(place, "rollback-migrations", "--steps", "1", "--no-history")).toMatchObject({ exitCode: 0 });
    expect(await count()).toBe(2);
  });
});
