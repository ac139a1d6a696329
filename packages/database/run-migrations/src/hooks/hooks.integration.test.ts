// Needs Postgres, which the testkit starts.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { historyLines, withPlace, writeFiles, type Place } from "@org/testkit";
import { expect, test } from "vitest";
import { configure, runIn, startIn } from "../testing/command.ts";
import type { MigrationStatus } from "../status.ts";

const two = { "migrations/1_a.sql": "CREATE TABLE a (id int)", "migrations/2_b.sql": "CREATE TABLE b (id int)" };
const log = "CREATE TABLE IF NOT EXISTS log (id int GENERATED ALWAYS AS IDENTITY, line text)";

async function logged({ client }: Place): Promise<string[]> {
  return (await client.query<{ line: string }>("SELECT line FROM log ORDER BY id")).rows.map(({ line }) => line);
}

async function data(place: Place, ...args: string[]): Promise<MigrationStatus> {
  return (JSON.parse((await runIn(place, "--json", ...args)).stdout) as { data: MigrationStatus }).data;
}

/** A command that prints its arguments and what it is told of the file. */
const telling = [process.execPath, "-e", "console.log(process.argv[1], process.env.MIGRATION_HOOK, process.env.MIGRATION_VERSION, process.env.MIGRATION_FILE, process.env.DATABASE_URL)"];

test("hooks run at their moments, SQL and commands, once, and not at all when nothing is pending", async () => {
  const sql = (line: string): string => `INSERT INTO log (line) VALUES ('${line}' || (SELECT count(*) FROM pg_tables WHERE tablename IN ('a', 'b')))`;
  await withPlace({ ...two, "hooks/before.sql": `${log};\n${sql("before ")}`, "hooks/each.sql": sql("each "), "hooks/after.sql": `${sql("after ")}; VACUUM log;` }, async (place) => {
    await configure(place, {
      hooks: { beforeAll: [{ sql: "hooks/before.sql" }], afterEach: [{ sql: "hooks/each.sql" }, { command: [...telling, "$(touch gotcha); `x` 'y'"] }], afterAll: [{ sql: "hooks/after.sql" }, { command: [...telling, "end"] }] },
    });
    const plan = await runIn(place, "plan");
    expect(plan.stdout).toMatch(/would run +hooks\/before\.sql +\(before-all\)\nwould run +hooks\/each\.sql +\(after-each\)/u);
    expect(existsSync(join(place.folder, "gotcha"))).toBe(false);
    const { exitCode, stdout, stderr } = await runIn(place);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/Applied 1_a[^]*after-each hook: \$\(touch gotcha\); `x` 'y' after-each 1 1_a\.sql \*\*\*\n[^]*Applied 2_b[^]*after-all hook: end after-all undefined/u)]);
    expect(stderr).not.toContain(new URL(place.url).password);
    expect(stdout).toMatch(/ran +hooks\/each\.sql +\(after-each, version 1, \d+ ms\)/u);
    expect(existsSync(join(place.folder, "gotcha"))).toBe(false);
    expect(await logged(place)).toEqual(["before 0", "each 1", "each 2", "after 2"]);
    expect(await data(place)).toMatchObject({ hooks: [] });
    expect(await logged(place)).toHaveLength(4);
  });
});

test("the SQL after a file is in its transaction: where it fails, nothing of the file is kept", async () => {
  await withPlace({ ...two, "hooks/each.sql": "SELECT 1;\nSELECT 1 / (2 - (SELECT count(*)::int FROM pg_tables WHERE tablename IN ('a', 'b')));" }, async (place) => {
    await configure(place, { hooks: { afterEach: [{ sql: "hooks/each.sql" }] } });
    const { exitCode, stdout, stderr } = await runIn(place);
    expect([exitCode, stderr]).toEqual([6, expect.stringMatching(/2_b\.sql: the after-each hook hooks\/each\.sql:2:1: division by zero \(SQLSTATE 22012\)/u)]);
    expect(stdout).toMatch(/1 applied, 1 pending/u);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 failed"]);
    expect((await place.client.query("SELECT to_regclass('b') AS b")).rows).toEqual([{ b: null }]);
    await writeFiles(place.folder, { "hooks/each.sql": "SELECT 1" });
    expect(await runIn(place)).toMatchObject({ exitCode: 0 });
  });
});

test("a file outside a transaction counts as applied when the SQL after it is done; all in one transaction keep it there", async () => {
  await withPlace({ "migrations/1_a.sql": "-- no-transaction\nCREATE TABLE a (id int)", "hooks/each.sql": "INSERT INTO nosuch VALUES (1)" }, async (place) => {
    await configure(place, { hooks: { afterEach: [{ sql: "hooks/each.sql" }] } });
    expect(await runIn(place)).toMatchObject({ exitCode: 6 });
    expect(await historyLines(place.client)).toEqual(["1 failed"]);
    expect((await runIn(place, "status")).stdout).toMatch(/failed +1_a\.sql +\(goes on after its last statement, 1/u);
    await place.client.query("CREATE TABLE nosuch (id int)");
    await writeFiles(place.folder, { "migrations/2_b.sql": "CREATE TABLE b (id int)" });
    expect(await runIn(place, "--to", "1")).toMatchObject({ exitCode: 0 });
    await writeFiles(place.folder, { "hooks/each.sql": "INSERT INTO nosuch VALUES (1 / (SELECT count(*)::int - 3 FROM pg_tables WHERE tablename IN ('a', 'b', 'c')))", "migrations/3_c.sql": "CREATE TABLE c (id int)" });
    expect(await runIn(place, "--single-transaction")).toMatchObject({ exitCode: 6 });
    expect(await historyLines(place.client)).toEqual(["1 failed", "1 applied", "3 failed"]);
    expect((await place.client.query("SELECT to_regclass('b') AS b")).rows).toEqual([{ b: null }]);
  });
});

test("a hook that fails ends the run with its code and says what was applied", async () => {
  await withPlace(two, async (place) => {
    const ends = async (hooks: NonNullable<Parameters<typeof configure>[1]["hooks"]>, code: number, words: RegExp): Promise<void> => {
      await configure(place, { hooks });
      const { exitCode, stderr, stdout } = await runIn(place);
      expect([exitCode, stderr + stdout]).toEqual([code, expect.stringMatching(words)]);
    };
    await ends({ beforeAll: [{ command: ["no-such-program-here"] }] }, 2, /before-all hook no-such-program-here could not be started[^]*0 applied, 2 pending/u);
    await ends({ beforeAll: [{ sql: "nosuch.sql" }] }, 3, /nosuch\.sql: ENOENT/u);
    await writeFiles(place.folder, { "hooks/open.sql": "BEGIN; SELECT 1;", "hooks/vacuum.sql": "VACUUM", "hooks/role.sql": "SET ROLE pg_monitor; CREATE SCHEMA mine" });
    await ends({ beforeAll: [{ sql: "hooks/open.sql" }], afterEach: [{ sql: "hooks/vacuum.sql" }] }, 3, /open\.sql: it leaves a transaction open; .*vacuum\.sql: it cannot run in the transaction/u);
    await ends({ beforeAll: [{ sql: "hooks/role.sql" }] }, 5, /permission denied/u);
    expect(await historyLines(place.client)).toEqual([]);
    await ends({ afterEach: [{ command: ["/bin/sh", "-c", "echo out; echo err >&2; exit 9"] }] }, 6, /after-each hook: (?:out|err)[^]*ended with exit code 9, after 1_a\.sql was applied[^]*1 applied, 1 pending/u);
    await ends({ afterAll: [{ command: ["/bin/sh", "-c", "kill -9 $$"] }] }, 6, /after-all hook .* was ended by SIGKILL[^]*2 applied, 0 pending/u);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

test("Ctrl-C and the timeout end a command with what it has started", async () => {
  const program = `trap "" TERM; (trap "" TERM; while :; do sleep 1; done) & echo $! > child; echo ready; while :; do sleep 1; done`;
  for (const how of ["SIGINT", "timeout"] as const) {
    await withPlace(two, async (place) => {
      await configure(place, { hooks: { beforeAll: [{ command: ["/bin/sh", "-c", program] }] } });
      const started = startIn(place, ...(how === "timeout" ? ["--timeout", "2s"] : []));
      await started.output(/before-all hook: ready/u);
      const child = Number(readFileSync(join(place.folder, "child"), "utf8"));
      if (how === "SIGINT") started.kill("SIGINT");
      expect((await started.done).exitCode).toBe(how === "SIGINT" ? 130 : 7);
      await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
      expect(await historyLines(place.client)).toEqual([]);
    });
  }
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
