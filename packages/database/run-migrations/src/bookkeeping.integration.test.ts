// Needs Postgres, which the testkit starts.
import { historyLines, withPlace, writeFiles } from "@org/testkit";
import { expect, test } from "vitest";
import type { MigrationStatus } from "./index.ts";
import { act } from "./testing/act.ts";

const words = (data: MigrationStatus | null): string[] => data!.migrations.map(({ version, state }) => `${version} ${state}`);

const three = { "1_a.sql": "CREATE TABLE a (id int);", "2_b.sql": "CREATE TABLE b (id int);", "3_c.sql": "CREATE TABLE c (id int);" };

test("a changed file is accepted, versions are marked, and the history tells it", async () => {
  await withPlace(three, async (place) => {
    await act(place, "apply", { to: "2" });
    await writeFiles(place.folder, { "1_a.sql": "CREATE TABLE a (id bigint);" });
    expect((await act(place, "repair", { accept: ["all"], dryRun: true })).exitCode).toBe(10);
    expect((await act(place, "apply")).exitCode).toBe(6);
    const repaired = await act(place, "repair", { accept: ["1"], markApplied: ["3"], markReverted: ["2"] });
    expect(repaired.data?.recordedNow.map(({ version, change }) => `${version} ${change}`)).toEqual(["1 accepted", "3 applied", "2 reverted"]);
    expect(words(repaired.data)).toEqual(["1 applied", "2 pending", "3 applied"]);
    const { rows } = await place.client.query("SELECT version, direction, run_id IS NOT NULL AS told FROM platform.migration_history WHERE status = 'baseline' ORDER BY id");
    expect(rows).toEqual([{ version: "1", direction: "up", told: true }, { version: "3", direction: "up", told: true }, { version: "2", direction: "down", told: true }]);
    await place.client.query("DROP TABLE b");
    expect((await act(place, "apply", { allowOutOfOrder: true })).data?.appliedNow.map(({ version }) => version)).toEqual(["2"]);
  });
});

test("a repair that names nothing, or a version in another state, is refused", async () => {
  await withPlace(three, async (place) => {
    await expect(act(place, "repair")).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(/nothing to repair/u) });
    await expect(act(place, "repair", { accept: ["1"] })).rejects.toMatchObject({ message: "version 1 cannot be recorded as accepted: it is pending" });
    await expect(act(place, "repair", { markReverted: ["9"] })).rejects.toMatchObject({ message: "no migration has the version 9" });
    expect(await historyLines(place.client)).toEqual([]);
  });
});

test("a database that exists is taken over with a baseline, once", async () => {
  await withPlace(three, async (place) => {
    await place.client.query("CREATE TABLE a (id int); CREATE TABLE b (id int)");
    await expect(act(place, "baseline")).rejects.toMatchObject({ code: "configuration", hint: expect.stringMatching(/--to/u) });
    expect(words((await act(place, "baseline", { to: "2" })).data)).toEqual(["1 applied", "2 applied", "3 pending"]);
    expect((await act(place, "apply")).data?.appliedNow.map(({ version }) => version)).toEqual(["3"]);
    await expect(act(place, "baseline", { to: "3" })).rejects.toMatchObject({ code: "checkFailed" });
  });
});
