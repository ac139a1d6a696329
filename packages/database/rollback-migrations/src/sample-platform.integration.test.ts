// Needs Postgres: a server of its own, because init-database makes roles.
import { resolve } from "node:path";
import { runBin, startPrivatePostgres, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import type { Report } from "@org/script";
import type { RollbackStatus } from "./rollback-status.ts";

const sample = resolve(import.meta.dirname, "../../../../tools/sample-platform");

test("every way back of the sample platform gives back the schema from before", async () => {
  const server = await startPrivatePostgres();
  try {
    await withTempFolder(async (folder) => {
      const env = { DATABASE_URL: server.url, REPORT_DIR: folder, STATE_DIR: folder };
      const run = (name: string, ...args: string[]) => runBin(name, [...args, "--config", resolve(sample, "platform.config.ts"), "--json"], { cwd: folder, env });
      expect((await run("init-database")).exitCode).toBe(0);
      const { exitCode, stdout, stderr } = await run("rollback-migrations", "--verify");
      const { data } = JSON.parse(stdout) as Report<RollbackStatus>;
      expect(data?.roundTrips?.filter(({ outcome }) => outcome !== "same"), stderr).toEqual([]);
      expect([exitCode, data?.roundTrips?.length]).toEqual([0, 13]);
    });
  } finally {
    await server.stop();
  }
});
