// Needs Postgres, which the testkit starts.
import { randomUUID } from "node:crypto";
import { withClient } from "@org/postgres";
import { readRaw, storeReading, toReading } from "@org/postgres/schema";
import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { listSnapshotsOfRuns, readSnapshotOfRun, storeSnapshotOfRun } from "./schema-snapshots.ts";
import { applyStateMigrations } from "./state-migrations.ts";

test("what a run stored is read again, the newest first, and the oldest make way", () =>
  withScratchDatabase((url) =>
    withClient({ url, applicationName: "test" }, async (client) => {
      await applyStateMigrations(client, "platform");
      await client.query(`CREATE TABLE "Odd ""one""" (id int)`);
      const reading = await readRaw({ client }, { stateSchema: "platform", clusterWide: true });
      const runs = Array.from({ length: 52 }, () => randomUUID());
      for (const runId of runs) await storeSnapshotOfRun(client, "platform", { runId, reading });
      expect((await listSnapshotsOfRuns(client, "platform")).map(({ runId }) => runId)).toEqual(runs.slice(2).toReversed());
      expect(storeReading(await readSnapshotOfRun(client, "platform", runs.at(-1)!))).toBe(storeReading(toReading(reading)));
      await expect(readSnapshotOfRun(client, "platform", runs[0]!)).rejects.toThrow("has no snapshot any more");
    }),
  ));
