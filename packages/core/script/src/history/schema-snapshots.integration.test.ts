// Needs Postgres, which the testkit starts.
import { randomUUID } from "node:crypto";
import { silentLogger } from "@org/logging";
import { withClient, type PostgresClient } from "@org/postgres";
import { readRaw, storeReading, toReading } from "@org/postgres/schema";
import { withScratchDatabase } from "@org/testkit";
import { expect, test } from "vitest";
import { expectSnapshot, keepSnapshot } from "./keep-snapshot.ts";
import { listSnapshotsOfRuns, readSnapshotOfRun, storeSnapshotOfRun } from "./schema-snapshots.ts";
import { applyStateMigrations } from "./state-migrations.ts";

test("what a run stored is read again, the newest first, and the oldest make way", () =>
  withScratchDatabase((url) =>
    withClient({ url, applicationName: "test" }, async (client) => {
      await applyStateMigrations(client, "platform");
      await client.query(`CREATE TABLE "Odd ""one""" (id int)`);
      const reading = await readRaw(client, { stateSchema: "platform", clusterWide: true });
      const runs = Array.from({ length: 52 }, () => randomUUID());
      for (const runId of runs) await storeSnapshotOfRun(client, "platform", { runId, reading });
      expect((await listSnapshotsOfRuns(client, "platform")).map(({ runId }) => runId)).toEqual(runs.slice(2).toReversed());
      expect(storeReading(await readSnapshotOfRun(client, "platform", runs.at(-1)!))).toBe(storeReading(toReading(reading)));
      await expect(readSnapshotOfRun(client, "platform", runs[0]!)).rejects.toThrow("has no snapshot any more");
    }),
  ));

test("a session that is to get ready for a snapshot keeps the same one, and tells no error before", () =>
  withScratchDatabase((url) =>
    withClient({ url, applicationName: "test" }, async (client) => {
      await applyStateMigrations(client, "platform");
      const gone: PostgresClient = { query: () => Promise.reject(new Error("it is gone")) };
      const told: string[] = [];
      const logger = { ...silentLogger, debug: (message: string) => void told.push(message) };
      expect(await expectSnapshot(gone, { keepsHistory: true, logger }, "platform")).toBeUndefined();
      expect(told).toEqual([expect.stringContaining("it is gone")]);
      expect(await expectSnapshot(client, { keepsHistory: false, logger }, "platform")).toBeUndefined();
      const planned = await expectSnapshot(client, { keepsHistory: true, logger }, "platform");
      expect(planned?.kinds).toContain("table");
      await client.query("CREATE TABLE late (id int)");
      const context = { config: {}, keepsHistory: true, runId: randomUUID(), signal: new AbortController().signal, logger: silentLogger };
      await keepSnapshot({ client, planned }, context, "platform");
      const kept = storeReading(await readSnapshotOfRun(client, "platform", context.runId));
      expect(kept).toContain("public.late");
      expect(kept).toBe(storeReading(toReading(await readRaw(client, { stateSchema: "platform", clusterWide: true }))));
      expect((await client.query<{ path: string }>("SELECT current_setting('search_path') AS path")).rows).toEqual([{ path: '"$user", public' }]);
    }),
  ));
