// Needs Postgres, which the testkit starts, and PgBouncer.
import { withClient } from "@org/postgres";
import { applyStateMigrations } from "@org/script/history";
import { historyLines, runBin, withTempFolder, writeFiles } from "@org/testkit";
import { expect, test } from "vitest";
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
