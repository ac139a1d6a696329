// Needs Postgres.
import { readFile } from "node:fs/promises";
import { listSnapshotsOfRuns, readSnapshotOfRun } from "@org/script/history";
import { historyLines, runBin, startPrivatePostgres, withPlace, withPlaceIn } from "@org/testkit";
import { expect, test } from "vitest";
import { runMigrations } from "./script.ts";

const files = { "1_a.sql": "CREATE TABLE a (id bigint PRIMARY KEY);" };

test("a run that applied something stores the schema that it left, another one nothing", () =>
  withPlace(files, async ({ url, folder: directory, client }) => {
    const first = await runMigrations({ databaseUrl: url, directory });
    await runMigrations({ databaseUrl: url, directory });
    const [run, ...others] = await listSnapshotsOfRuns(client, "platform");
    expect(run?.runId).toBe(first.run.id);
    expect(others).toEqual([]);
    const { parts } = await readSnapshotOfRun(client, "platform", first.run.id);
    expect(parts.flatMap(({ kind, rows }) => (kind === "table" ? rows.map(({ name }) => name) : []))).toEqual(["public.a"]);
  }));

test("a run that is left out of the history stores nothing", () =>
  withPlace(files, async ({ url, folder, client }) => {
    const env = { DATABASE_URL: url, REPORT_DIR: folder, STATE_DIR: folder };
    expect(await runBin("run-migrations", ["--directory", folder, "--no-history"], { cwd: folder, env })).toMatchObject({ exitCode: 0 });
    expect(await historyLines(client)).toEqual(["1 applied"]);
    expect(await listSnapshotsOfRuns(client, "platform")).toEqual([]);
  }));

test("what was applied before a file failed is stored too", () =>
  withPlace({ ...files, "2_b.sql": "CREATE TABLE b (id nothing);" }, async ({ url, folder: directory, client }) => {
    expect((await runMigrations({ databaseUrl: url, directory })).verdict).toBe("fail");
    expect(await listSnapshotsOfRuns(client, "platform")).toHaveLength(1);
  }));

test("a snapshot that cannot be stored is a warning, and the run passes", () =>
  withPlace(files, async ({ url, folder: directory, client }) => {
    await client.query("DROP TABLE platform.schema_snapshots");
    const warnings: string[] = [];
    const note = (): void => {};
    const logger = { debug: note, info: note, error: note, warning: (message: string) => void warnings.push(message) };
    const report = await runMigrations({ databaseUrl: url, directory }, { logger });
    expect(report.verdict).toBe("pass");
    expect(warnings).toEqual([expect.stringContaining('relation "platform.schema_snapshots" does not exist')]);
  }));

test("it is planned while files are applied, and only read at the end", async () => {
  const server = await startPrivatePostgres({ settings: { log_statement: "all" } });
  try {
    await withPlaceIn(server.url, files, async ({ url, folder: directory, client }) => {
      await runMigrations({ databaseUrl: url, directory });
      expect(await listSnapshotsOfRuns(client, "platform")).toHaveLength(1);
      const log = await readFile(server.logFile, "utf8");
      const planned = log.search(/statement: PREPARE snapshot_of_schema/u);
      const read = log.search(/statement: EXECUTE snapshot_of_schema \('platform', NULL,/u);
      expect([planned > 0, read > planned]).toEqual([true, true]);
      // As a statement that has to be planned looks.
      expect(log).not.toMatch(/execute <unnamed>:\s+WITH ns AS/u);
    });
  } finally {
    await server.stop();
  }
});
