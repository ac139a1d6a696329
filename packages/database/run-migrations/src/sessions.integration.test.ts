// Needs Postgres, which the testkit starts.
import { ScriptError } from "@org/exit-codes";
import { withClient, type PostgresClient } from "@org/postgres";
import { historyLines, withPlace, writeFiles, type Place } from "@org/testkit";
import { afterEach, expect, test, vi } from "vitest";
import type * as Reading from "./read-migrations.ts";
import { act } from "./testing/act.ts";
import { runIn } from "./testing/command.ts";

/** Every reading of the files waits for it. */
let gate: () => Promise<unknown> = async () => {};
vi.mock("./read-migrations.ts", async (original) => {
  const real = await original<typeof Reading>();
  return { ...real, readMigrations: async (...args: Parameters<typeof real.readMigrations>) => gate().then(() => real.readMigrations(...args)) };
});
afterEach(() => {
  gate = async () => {};
});

const files = { "migrations/1_a.sql": "SET statement_timeout = '7s'; CREATE TEMP TABLE t (id int); CREATE TABLE a (id int); SET ROLE pg_monitor" };

/** The sessions of scripts: those open now, and all sessions that there were since the database is there. */
async function sessions({ client }: Place): Promise<{ open: number; ever: number }> {
  const { rows } = await client.query<{ open: number; ever: number }>(
    `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('run-migrations', 'platform-scripts')) AS open,
      (SELECT sessions::int FROM pg_stat_database WHERE datname = current_database()) AS ever`,
  );
  return rows[0]!;
}

async function recorded({ client }: Place): Promise<number> {
  const { rows } = await client.query<{ n: number }>("SELECT count(*)::int AS n FROM platform.script_execution_log WHERE script = 'run-migrations'");
  return rows[0]!.n;
}

test("a run with nothing to do opens one session, is recorded once and leaves no session open", () =>
  withPlace(files, async (place) => {
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
    await expect.poll(async () => [await sessions(place), await recorded(place)]).toMatchObject([{ open: 0 }, 1]);
    const { ever } = await sessions(place);
    expect(await runIn(place)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("1 applied before") });
    await expect.poll(async () => [await sessions(place), await recorded(place)]).toEqual([{ open: 0, ever: ever + 1 }, 2]);
    expect(await runIn(place, "--no-history")).toMatchObject({ exitCode: 0 });
    await expect.poll(async () => [await sessions(place), await recorded(place)]).toEqual([{ open: 0, ever: ever + 2 }, 2]);
    await act({ ...place, folder: `${place.folder}/migrations` }, "apply");
    await expect.poll(async () => [await sessions(place), await recorded(place)]).toEqual([{ open: 0, ever: ever + 3 }, 2]);
  }));

test("a check of the config that ends the session does not keep the run from being recorded, and one that fails leaves it closed", () =>
  withPlace(files, async (place) => {
    const terminate = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'run-migrations' AND pid <> pg_backend_pid()";
    const run = `async ({ client }) => ({ verdict: "pass", evidence: String((await client.query(${JSON.stringify(terminate)})).rows.length) })`;
    const check = (id: string, does: string): string => `{ script: "run-migrations", id: "${id}", title: "t", run: ${does} }`;
    await writeFiles(place.folder, { "platform.config.mjs": `export default { checks: [${check("own.end", run)}, ${check("own.fail", "() => { throw new Error('no'); }")}] };` });
    const { exitCode, stdout, stderr } = await runIn(place, "--json");
    expect([exitCode, stderr]).toEqual([6, expect.not.stringContaining("journal")]);
    expect((JSON.parse(stdout) as { checks: { id: string; evidence: string }[] }).checks.at(-2)).toMatchObject({ id: "own.end", evidence: "1" });
    await expect.poll(async () => [await sessions(place), await recorded(place)]).toMatchObject([{ open: 0 }, 1]);
  }));

test("the history is asked for while the files are being read", () =>
  withPlace(files, async (place) => {
    await whileLocked(place, async (unlock) => {
      gate = async () => {
        await waitsForHistory(place);
        await unlock();
      };
      const { exitCode, data } = await act({ ...place, folder: `${place.folder}/migrations` }, "apply");
      expect([exitCode, data?.counts.applied]).toEqual([0, 1]);
    });
    expect(await historyLines(place.client)).toEqual(["1 applied"]);
  }));

const unusable = new ScriptError("configuration", "these files cannot be used");

test("files that cannot be used are told though the server still owes the history, which it is then asked for no longer", () =>
  withPlace(files, async (place) => {
    await whileLocked(place, async () => {
      gate = async () => {
        await waitsForHistory(place);
        throw unusable;
      };
      for (const action of ["apply", "status", "plan"]) {
        await expect(act(place, action)).rejects.toBe(unusable);
        await expect.poll(() => sessions(place)).toMatchObject({ open: 0 });
      }
    });
  }));

test("files that cannot be used are told though the server has refused the history", () =>
  withPlace(files, async (place) => {
    await place.client.query("DROP TABLE platform.migration_history");
    await expect(act({ ...place, folder: `${place.folder}/migrations` }, "apply")).rejects.toMatchObject({ code: "dependency" });
    for (const action of ["apply", "status", "plan"]) {
      const { ever } = await sessions(place);
      gate = async () => {
        await expect.poll(() => sessions(place), { interval: 10, timeout: 20_000 }).toEqual({ open: 0, ever: ever + 1 });
        throw unusable;
      };
      await expect(act(place, action)).rejects.toBe(unusable);
    }
  }));

/** Holds the history locked until it is unlocked or the work has ended. */
async function whileLocked({ url }: Place, work: (unlock: () => Promise<unknown>) => Promise<void>): Promise<void> {
  await withClient({ url, applicationName: "locker" }, async (locker: PostgresClient) => {
    await locker.query("BEGIN; LOCK TABLE platform.migration_history IN ACCESS EXCLUSIVE MODE");
    await work(() => locker.query("ROLLBACK"));
  });
}

async function waitsForHistory({ client }: Place): Promise<void> {
  const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'run-migrations' AND wait_event_type = 'Lock' AND query LIKE '%migration_history%'";
  await expect.poll(async () => (await client.query(waiting)).rows.length, { interval: 10, timeout: 20_000 }).toBe(1);
}
