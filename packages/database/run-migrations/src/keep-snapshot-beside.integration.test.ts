// Needs Postgres, which the testkit starts, and may stop its processes.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type * as History from "@org/script/history";
import { commandOptions, withPlace, type Place } from "@org/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { runMigrations } from "./index.ts";

/** What happens just before the schema is read. */
let before: () => Promise<void> = async () => {};
vi.mock("@org/script/history", async (original) => {
  const real = await original<typeof History>();
  return { ...real, keepSnapshot: async (...args: Parameters<typeof real.keepSnapshot>) => before().then(() => real.keepSnapshot(...args)) };
});
afterEach(() => {
  before = async () => {};
  vi.restoreAllMocks();
});

async function backends({ client }: Place): Promise<readonly number[]> {
  const { rows } = await client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'run-migrations' ORDER BY backend_start");
  return rows.map(({ pid }) => pid);
}

async function runWith(place: Place): Promise<{ readonly verdict: string; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const note = (): void => {};
  const logger = { debug: note, info: note, error: note, warning: (message: string) => void warnings.push(message) };
  const { verdict } = await runMigrations({ databaseUrl: place.url, directory: place.folder }, { logger, record: true, ...commandOptions(place) });
  return { verdict, warnings };
}

test("a server that falls silent while it tells the schema does not hold up the end of the run, which waits in the journal, and that is told", () =>
  withPlace({ "1_a.sql": "CREATE TABLE a (id int);" }, async (place) => {
    const real = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => real(ms === 20_000 ? 500 : ms));
    const stopped: number[] = [];
    before = async () => {
      stopped.push(...(await backends(place)));
      for (const pid of stopped) process.kill(pid, "SIGSTOP");
    };
    try {
      expect(await runWith(place)).toEqual({ verdict: "pass", warnings: [expect.stringContaining("the server did not answer within 20 s")] });
    } finally {
      for (const pid of stopped) process.kill(pid, "SIGCONT");
    }
    expect(stopped).toHaveLength(2);
    expect(await readdir(join(commandOptions(place).env["STATE_DIR"]!, "journal"))).toHaveLength(1);
    await expect.poll(() => backends(place), { timeout: 10_000 }).toEqual([]);
  }));

test("a second session that is lost meanwhile is told, and the run is recorded", () =>
  withPlace({ "1_a.sql": "CREATE TABLE a (id int);" }, async (place) => {
    before = async () => {
      await place.client.query("SELECT pg_terminate_backend($1, 10000)", [(await backends(place)).at(-1)]);
    };
    expect(await runWith(place)).toEqual({ verdict: "pass", warnings: [expect.stringMatching(/could not be stored.*terminat/u)] });
    expect((await place.client.query("SELECT script FROM platform.script_execution_log")).rows).toEqual([{ script: "run-migrations" }]);
  }));
