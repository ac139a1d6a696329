import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { closedPort, commandOptions, historyLines, runBin, runProcess, startBin, withLoginRole, withPlace, writeFiles, type Place, type ProcessResult } from "@org/testkit";
import { expect, test } from "vitest";
import { runMigrations } from "./index.ts";

const two = { "1_a.sql": "CREATE TABLE a (id int)", "2_b.sql": "CREATE TABLE b (id int)" };

/** Runs the command in the folder of the migrations, which takes its reports too. */
async function run(place: Pick<Place, "url" | "folder">, ...args: string[]): Promise<ProcessResult> {
  return runBin("run-migrations", ["--directory", place.folder, ...args], commandOptions(place));
}

test("apply, apply again, status: what was done and what is", async () => {
  await withPlace(two, async (place) => {
    const first = await run(place);
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/applied +1_a\.sql.*\napplied +2_b\.sql/u) });
    expect(first.stderr).toMatch(/^\[[\d :-]{19}\] \[INFO\] \[run_migrations\] Applied 1_a\.sql in \d+ ms\.$/mu);
    const second = await run(place);
    expect(second).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/2 applied before/u) });
    await writeFiles(place.folder, { "3_c.sql": "CREATE TABLE c (id int)" });
    const status = await run(place, "status");
    expect(status).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/applied +1_a\.sql[^]*pending +3_c\.sql/u) });
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

test("the report that --json prints is the file that other scripts read and what the function returns", async () => {
  await withPlace(two, async (place) => {
    const printed = JSON.parse((await run(place, "--json")).stdout) as { run: { id: string }; data: unknown };
    const written = JSON.parse(await readFile(join(place.folder, "reports/migration_status.json"), "utf8")) as unknown;
    expect(written).toEqual(printed);
    expect(printed).toMatchObject({
      verdict: "pass",
      data: { action: "apply", layout: "files", counts: { applied: 2, pending: 0, changed: 0, missing: 0 }, failure: null },
    });
    const { rows } = await place.client.query<{ run_id: string }>("SELECT DISTINCT run_id FROM platform.migration_history");
    expect(rows).toEqual([{ run_id: printed.run.id }]);
    const report = await runMigrations({ databaseUrl: place.url, directory: place.folder });
    expect(report.checks.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(["migrations.readable pass", "migrations.unchanged pass", "migrations.applied pass"]);
    expect(report.data?.migrations.map(({ state }) => state)).toEqual(["applied", "applied"]);
  });
});

test("a dry run lists what would be applied and changes nothing", async () => {
  await withPlace(two, async (place) => {
    expect(await run(place, "--dry-run")).toMatchObject({ exitCode: 10, stdout: expect.stringMatching(/would apply +1_a\.sql [^]*would apply +2_b\.sql /u) });
    expect(await historyLines(place.client)).toEqual([]);
  });
});

test("a role that may not use the state schema is told what it needs: the table where it is missing, the right where it is not", async () => {
  await withPlace(two, async (place) => {
    await withLoginRole(place.url, async (role) => {
      const poor = { folder: place.folder, url: role.url };
      for (const args of [[], ["status"]]) expect(await run(poor, ...args)).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(`GRANT USAGE ON SCHEMA platform TO ${role.name};`) });
      await place.client.query("DROP TABLE platform.migration_history");
      for (const args of [[], ["status"]]) expect(await run(poor, ...args)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/the table platform\.migration_history does not exist[^]*init-database/u) });
    });
  });
});

test("a plan tells what each pending statement locks and rewrites and what the rules say; the config sets their levels", async () => {
  const files = { ...two, "3_c.sql": "CREATE INDEX ON a (id);\nALTER TABLE a ADD COLUMN x uuid DEFAULT gen_random_uuid();", "4_d.sql": "SELECT 1;\nCREATE INDEX CONCURRENTLY ON b (id);" };
  await withPlace(files, async (place) => {
    await run(place, "--to", "2");
    const plan = await run(place, "plan");
    expect(plan.exitCode).toBe(6);
    expect(plan.stdout).toMatch(/would apply 3_c\.sql {2}\(in one transaction\)\n {2}1: CREATE INDEX ON a \(id\)\n {5}ShareLock on a\n/u);
    expect(plan.stdout).toMatch(/AccessExclusiveLock on a, rewrites the table\n/u);
    expect(plan.stdout).toMatch(/error 3_c\.sql:1:1 require-concurrent-index-creation: building the index/u);
    expect(plan.stdout).toMatch(/4_d\.sql {2}\(statement by statement\)\n {2}1: SELECT 1\n {2}2: .*\n {5}ShareUpdateExclusiveLock on b, outside a transaction\n/u);
    const sarif = JSON.parse((await run(place, "plan", "--format", "sarif")).stdout) as { runs: { results: unknown[] }[] };
    expect(JSON.stringify(sarif.runs[0]!.results)).toMatch(/"require-concurrent-index-creation".*"3_c\.sql".*"startLine":1\b/u);
    expect((await run(place, "plan", "--format", "junit")).stdout).toMatch(/3_c\.sql:1[^]*require-concurrent-index-creation/u);
    expect((await run(place, "--dry-run")).exitCode).toBe(6);
    expect((await run(place, "--dry-run", "--fail-on", "never")).exitCode).toBe(10);
    const rules = { "require-concurrent-index-creation": "warn", "adding-field-with-default": "off" };
    await writeFile(join(place.folder, "platform.config.json"), JSON.stringify({ migrations: { lint: { rules } } }));
    const { exitCode, stdout } = await run(place, "plan", "--json");
    expect(exitCode).toBe(0);
    const { data } = JSON.parse(stdout) as { data: { plan: { file: string; findings: { rule: string; level: string }[] }[] } };
    expect(data.plan.map(({ file, findings }) => [file, ...findings.map(({ rule, level }) => `${rule} ${level}`)])).toEqual([["3_c.sql", "require-concurrent-index-creation warn"], ["4_d.sql"]]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

test("a migration that fails ends with 6, shows the place and tells what was applied", async () => {
  await withPlace({ ...two, "2_b.sql": "CREATE TABLE b (id int);\nSELEC 1;" }, async (place) => {
    const { exitCode, stdout } = await run(place);
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(/applied +1_a\.sql/u);
    expect(stdout).toMatch(/failed +2_b\.sql/u);
    expect(stdout).toMatch(/2_b\.sql:2:1\nSELEC 1;\n\^/u);
    expect((await run(place, "status")).stdout).toMatch(/failed +2_b\.sql +\(did not end well before: 2_b\.sql:2:1: syntax error/u);
    expect((await run(place)).stderr).toMatch(/2_b\.sql did not end well before \(2_b\.sql:2:1: syntax error[^\n]*\(SQLSTATE 42601\)\); it runs again\.$/mu);
    const report = await runMigrations({ databaseUrl: place.url, directory: place.folder });
    expect(report).toMatchObject({ exitCode: 6, data: { failure: { sqlState: "42601", line: 2 }, counts: { applied: 1, pending: 0, failed: 1 } } });
  });
});

test("a changed file ends with 6, also for status, and nothing is applied", async () => {
  await withPlace(two, async (place) => {
    await run(place);
    await writeFiles(place.folder, { "1_a.sql": "CREATE TABLE a (id text)", "3_c.sql": "CREATE TABLE c (id int)" });
    for (const action of ["apply", "status"]) {
      expect(await run(place, action)).toMatchObject({ exitCode: 6, stdout: expect.stringMatching(/changed +1_a\.sql/u) });
    }
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

test("each cause has its exit code and a next step", async () => {
  await withPlace(two, async (place) => {
    const database = new URL(place.url);
    const at = (change: (url: URL) => void): string => {
      const url = new URL(database);
      change(url);
      return url.href;
    };
    const port = String(await closedPort());
    const causes: [number, RegExp, Promise<ProcessResult>][] = [
      [4, /refused the connection/u, run({ ...place, url: at((url) => (url.port = port)) })],
      [4, /refused the login/u, run({ ...place, url: at((url) => (url.password = "wr0ng-passw0rd")) })],
      [2, /has no such database/u, run({ ...place, url: at((url) => (url.pathname = "nosuch")) })],
      [2, /platform2\.migration_history does not exist/u, run(place, "--state-schema", "platform2")],
      [3, /--directroy/u, run(place, "--directroy", "x")],
      [3, /nosuch/u, run(place, "--directory", join(place.folder, "nosuch"))],
      // The files are read while the session opens: what is wrong with them is told first.
      [3, /nosuch/u, run({ ...place, url: at((url) => (url.port = port)) }, "--directory", join(place.folder, "nosuch"))],
      [3, /expected one of files, pairs/u, run(place, "--layout", "prisma")],
      [3, /wait-lock/u, run(place, "--wait-lock", "soon")],
      [3, /--yes/u, runBin("run-migrations", ["--directory", place.folder], { cwd: place.folder, env: { ...commandOptions(place).env, ENVIRONMENT: "production" } })],
    ];
    for (const [code, words, result] of causes) {
      const { exitCode, stderr, stdout } = await result;
      expect([exitCode, stderr]).toEqual([code, expect.stringMatching(words)]);
      expect(stdout + stderr).not.toMatch(/wr0ng-passw0rd/u);
    }
    const status = await runBin("run-migrations", ["status", "--directory", place.folder], { cwd: place.folder, env: { ...commandOptions(place).env, ENVIRONMENT: "production" } });
    expect([status.exitCode, status.stderr]).toEqual([0, expect.not.stringContaining("--yes")]);
    await place.client.query("ALTER TABLE platform.migration_history DROP COLUMN progress");
    expect(await run(place)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("platform.migration_history is that of an older release") });
  });
});

test("a bad config, a missing right, the timeout and Ctrl-C have theirs", async () => {
  await withPlace({ "1_a.sql": "SELECT pg_sleep(60)" }, async (place) => {
    expect(await run(place, "--timeout", "1500ms")).toMatchObject({ exitCode: 7 });
    const started = startBin("run-migrations", ["--directory", place.folder], commandOptions(place));
    const sleeping = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%SELECT pg_sleep(60)%' AND pid <> pg_backend_pid() AND state = 'active' AND datname = current_database()";
    await expect.poll(async () => (await place.client.query<{ n: number }>(sleeping)).rows[0]!.n, { timeout: 20_000 }).toBe(1);
    started.kill("SIGINT");
    expect(await started.done).toMatchObject({ exitCode: 130 });
    expect((await place.client.query<{ n: number }>(sleeping)).rows[0]!.n).toBe(0);
    await writeFiles(place.folder, { "1_a.sql": "SET ROLE pg_monitor; CREATE SCHEMA mine" });
    expect(await run(place)).toMatchObject({ exitCode: 5 });
    await writeFile(join(place.folder, "platform.config.json"), '{"migrations": {"directroy": "x"}}');
    expect(await run(place)).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/directroy/u) });
  });
});

test("killed at any moment, the next run ends with each file applied once", async () => {
  const count = 12;
  const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i + 1}_t.sql`, `CREATE TABLE t${i + 1} (id int); SELECT pg_sleep(0.02);`]));
  await withPlace(files, async (place) => {
    for (const at of [1, 4, 7]) {
      const started = startBin("run-migrations", ["--directory", place.folder], commandOptions(place));
      await started.output(new RegExp(`Applied ${at}_t`, "u"));
      started.kill("SIGKILL");
      expect((await started.done).signal).toBe("SIGKILL");
    }
    expect((await run(place)).exitCode).toBe(0);
    expect(await historyLines(place.client)).toEqual(Array.from({ length: count }, (_, i) => `${i + 1} applied`));
    const { rows } = await place.client.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_tables WHERE tablename ~ '^t[0-9]+$'");
    expect(rows).toEqual([{ n: count }]);
  });
});

test("a run after a kill waits until the statement that the killed one left has ended", async () => {
  await withPlace({ "1_a.sql": "CREATE TABLE a (id int); SELECT pg_advisory_xact_lock(7);" }, async (place) => {
    await place.client.query("SELECT pg_advisory_lock(7)");
    const started = startBin("run-migrations", ["--directory", place.folder], commandOptions(place));
    const waiting = "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    await expect.poll(async () => (await place.client.query<{ n: number }>(waiting)).rows[0]!.n, { timeout: 20_000 }).toBe(1);
    started.kill("SIGKILL");
    await started.done;
    expect(await run(place, "--wait-lock", "100ms")).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/run-migrations/u) });
    const next = run(place);
    await place.client.query("SELECT pg_advisory_unlock(7)");
    expect(await next).toMatchObject({ exitCode: 0 });
    expect(await historyLines(place.client)).toEqual(["1 applied"]);
  });
});

test("checks of the config run on a read-only session", async () => {
  await withPlace(two, async (place) => {
    const config = `export default { migrations: { directory: "." }, checks: [
      { script: "run-migrations", id: "own.read", title: "t", run: async ({ client }) => ({ verdict: "pass", evidence: String((await client.query("SELECT 1 AS x")).rows[0].x) }) },
      { script: "run-migrations", id: "own.write", title: "t", run: async ({ client }) => { await client.query("CREATE TABLE w (id int)"); return { verdict: "pass", evidence: "" }; } },
    ] };`;
    await writeFile(join(place.folder, "platform.config.mjs"), config);
    const { exitCode, stdout } = await runBin("run-migrations", ["--json"], commandOptions(place));
    expect(exitCode).toBe(6);
    const { checks } = JSON.parse(stdout) as { checks: { id: string; verdict: string }[] };
    expect(checks.slice(3).map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(["own.read pass", "own.write unknown"]);
  });
});

test("what the build makes carries postgres-migrations inside and applies migrations", async () => {
  const packageRoot = resolve(import.meta.dirname, "..");
  const repository = resolve(packageRoot, "../../..");
  const built = join(repository, "node_modules/.cache", `run-migrations-${process.pid}`);
  try {
    await promisify(execFile)(process.execPath, [join(repository, "node_modules/tsup/dist/cli-default.js"), "--config", join(repository, "tsup.config.ts"), "--out-dir", built], { cwd: packageRoot });
    await withPlace(two, async (place) => {
      const args = ["--conditions=@org/source", join(built, "launch.cjs"), "--directory", place.folder];
      expect(await runProcess(process.execPath, args, commandOptions(place))).toMatchObject({ exitCode: 0 });
      expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
    });
    const texts = await runProcess("grep", ["-rlE", "from ['\"](postgres-migrations|pg)['\"/]", built]);
    expect(texts.stdout).toBe("");
  } finally {
    await rm(built, { recursive: true, force: true });
  }
});
