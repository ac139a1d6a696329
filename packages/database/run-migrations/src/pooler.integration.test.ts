// Needs Postgres, which the testkit starts, and PgBouncer.
import { withClient } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { runBin, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { historyLines, writeFiles } from "./testing/database.ts";
import { withPooler } from "./testing/pooler.ts";

const files = { "1_a.sql": "CREATE TABLE a (id int)", "2_i.sql": "CREATE INDEX CONCURRENTLY i ON a (id)" };

test.each([
  { mode: "transaction", exitCode: 3, words: /behind a pooler in transaction mode/u, history: [] },
  { mode: "session", exitCode: 0, words: /Applied 2_i\.sql/u, history: ["1 applied", "2 applied"] },
] as const)("behind a pooler in $mode mode the run ends with $exitCode", async ({ mode, exitCode, words, history }) => {
  await withPooler(mode, async ({ pooled, direct }) => {
    await withTempFolder(async (folder) => {
      await writeFiles(folder, files);
      await withClient({ url: direct, applicationName: "test" }, async (client) => {
        await applyStateMigrations(client, "platform");
        const result = await runBin("run-migrations", ["--directory", folder, "--no-history"], { cwd: folder, env: { DATABASE_URL: pooled, REPORT_DIR: folder, STATE_DIR: folder } });
        expect([result.exitCode, result.stderr]).toEqual([exitCode, expect.stringMatching(words)]);
        expect(await historyLines(client)).toEqual(history);
        expect((await client.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")).rows).toEqual([]);
      });
    });
  });
});

test("8 runs at once, through two histories of one database, apply each file once", async () => {
  await withPooler("session", async ({ direct: url }) => {
    await withTempFolder(async (folder) => {
      const two = { "1_a.sql": "CREATE TABLE IF NOT EXISTS a (id int); INSERT INTO a VALUES (1);", "2_i.sql": "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (id);" };
      await writeFiles(folder, two);
      await withClient({ url, applicationName: "test" }, async (client) => {
        for (const schema of ["platform", "other"]) await applyStateMigrations(client, schema);
        const run = (schema: string): Promise<{ exitCode: number | null }> =>
          runBin("run-migrations", ["--directory", folder, "--state-schema", schema, "--no-history"], { cwd: folder, env: { DATABASE_URL: url, REPORT_DIR: folder, STATE_DIR: folder } });
        const ended = await Promise.all(Array.from({ length: 8 }, (_, i) => run(i % 2 === 0 ? "platform" : "other")));
        expect(ended.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 8 }, () => 0));
        expect((await client.query("SELECT * FROM a")).rows).toHaveLength(2);
        expect(await historyLines(client)).toEqual(["1 applied", "2 applied"]);
      });
    });
  });
});
