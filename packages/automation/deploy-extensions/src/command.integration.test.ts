import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { closedPort, commandOptions, runBin, runProcess, startBin, startPrivatePostgres, type ProcessResult } from "@org/testkit";
import { expect, test } from "vitest";
import { deployExtensions } from "./index.ts";
import { installed, withPlace } from "./testing/place.ts";

const config = (value: object): Record<string, string> => ({ "platform.config.json": JSON.stringify(value) });

test("the command deploys, tells it, and prints the same as the function returns", async () => {
  await withPlace(async ({ url, folder, write, run }) => {
    await write({ ...config({ extensions: [{ name: "pgcrypto" }], extensionFiles: ["a.sql"] }), "a.sql": "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1;'" });
    const first = await run([]);
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/installed pgcrypto 1\.3 in public\nran {7}a\.sql {2}\(1 statements\)/u) });
    expect(first.stderr).toMatch(/^\[[\d :-]{19}\] \[INFO\] \[deploy_extensions\] Ran a\.sql\.$/mu);
    expect(await run([])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/every extension was as it should be; nothing was changed/u) });
    const printed = JSON.parse((await run(["--json"])).stdout) as { checks: { durationMs: number }[]; data: unknown };
    const report = await deployExtensions({ databaseUrl: url }, { config: join(folder, "platform.config.json") });
    expect(printed).toMatchObject({ checks: report.checks, data: report.data });
  });
});

test("a dry run prints what psql can run", async () => {
  await withPlace(async ({ url, folder, client, write, run }) => {
    await write({ ...config({ extensions: [{ name: "pgcrypto", schema: "extensions" }], extensionFiles: ["it's.sql"] }), "it's.sql": "CREATE TABLE made (id int)" });
    const { exitCode, stdout } = await run(["--dry-run"]);
    expect(exitCode).toBe(10);
    const sql = stdout.split("\n").filter((line) => /^(?:CREATE|GRANT|\\i)/u.test(line)).join("\n");
    expect(sql.split("\n")).toHaveLength(4);
    expect(await installed(client)).toEqual([]);
    await write({ "plan.sql": sql });
    expect(await runProcess("psql", ["-v", "ON_ERROR_STOP=1", "-f", "plan.sql", url], { cwd: folder })).toMatchObject({ exitCode: 0 });
    expect(await run(["--dry-run"])).toMatchObject({ exitCode: 10, stdout: expect.stringMatching(/^\\i 'it''s\.sql'$/mu) });
    expect(await installed(client)).toEqual(["pgcrypto 1.3 extensions"]);
  });
});

test("each cause has its exit code and a next step", async () => {
  await withPlace(async (place) => {
    await place.write(config({ extensions: [{ name: "pgcrypto" }] }));
    const at = (change: (url: URL) => void): Record<string, string> => {
      const url = new URL(place.url);
      change(url);
      return { DATABASE_URL: url.href };
    };
    const port = String(await closedPort());
    const causes: [number, RegExp, () => Promise<ProcessResult>][] = [
      [4, /refused the connection/u, () => place.run([], at((url) => (url.port = port)))],
      [4, /refused the login/u, () => place.run([], at((url) => (url.password = "wr0ng-passw0rd")))],
      [2, /has no such database[^]*init-database/u, () => place.run([], at((url) => (url.pathname = "nosuch")))],
      [3, /--lock-tmeout/u, () => place.run(["--lock-tmeout", "1s"])],
      [3, /lock-timeout/u, () => place.run(["--lock-timeout", "soon"])],
      [3, /DATABASE_URL/u, () => place.run([], { DATABASE_URL: "mysql://x" })],
      [3, /--yes/u, () => place.run([], { ENVIRONMENT: "production" })],
    ];
    for (const [code, words, cause] of causes) {
      const { exitCode, stderr, stdout } = await cause();
      expect([exitCode, stderr]).toEqual([code, expect.stringMatching(words)]);
      expect(stdout + stderr).not.toMatch(/wr0ng-passw0rd/u);
    }
    await place.write(config({ extensions: [{ name: "pgcrypto", version: "latest" }] }));
    expect(await place.run([])).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/extensions\[0\]\.version.*"latest"/u) });
    await place.write(config({ extensions: [{ nmae: "pgcrypto" }] }));
    expect(await place.run([])).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/nmae/u) });
    expect(await installed(place.client)).toEqual([]);
  });
});

test("the timeout and Ctrl-C end the running statement and leave nothing", async () => {
  await withPlace(async (place) => {
    await place.write({ ...config({ extensions: [{ name: "pgcrypto" }], extensionFiles: ["slow.sql"] }), "slow.sql": "CREATE TABLE t (id int);\nSELECT pg_sleep(60);" });
    const sleeping = async (): Promise<number> => {
      const { rows } = await place.client.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()");
      return rows[0]!.n;
    };
    expect(await place.run(["--timeout", "2s"])).toMatchObject({ exitCode: 7 });
    expect(await sleeping()).toBe(0);
    const started = startBin("deploy-extensions", [], commandOptions(place));
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(1);
    started.kill("SIGINT");
    expect(await started.done).toMatchObject({ exitCode: 130 });
    expect(await sleeping()).toBe(0);
    expect(await installed(place.client)).toEqual([]);
  });
});

test("a server that goes away under way ends with 4", async () => {
  const server = await startPrivatePostgres({ settings: { shared_preload_libraries: "pg_stat_statements" } });
  try {
    await withPlace(async ({ folder, write, deploy }) => {
      const extensions = [{ name: "pg_stat_statements", version: ">=1.4" }];
      expect(await deploy({ extensions }, { url: server.url })).toMatchObject({ exitCode: 0, verdict: "pass" });
      await write({ ...config({ extensions, extensionFiles: ["slow.sql"] }), "slow.sql": "DO $$ BEGIN RAISE NOTICE 'now asleep'; PERFORM pg_sleep(60); END $$" });
      const started = startBin("deploy-extensions", ["--log-level", "debug"], commandOptions({ url: server.url, folder }));
      await started.output(/now asleep/u);
      server.kill("SIGQUIT");
      expect(await started.done).toMatchObject({ exitCode: 4 });
    });
  } finally {
    await server.stop();
  }
});

test("the README's example runs", async () => {
  const packageRoot = join(import.meta.dirname, "..");
  const readme = await readFile(join(packageRoot, "README.md"), "utf8");
  const [code] = [...readme.matchAll(/```ts\n(.*?)```/gsu)].map(([, found]) => found!);
  await withPlace(async ({ url, folder, write }) => {
    await write(config({ extensions: [{ name: "pgcrypto" }] }));
    const example = code!.replace('"platform.config.ts"', JSON.stringify(join(folder, "platform.config.json")));
    const args = ["--conditions=@org/source", "--input-type=module-typescript", "--eval", example];
    const { stdout, stderr } = await runProcess(process.execPath, args, { cwd: packageRoot, env: { DATABASE_URL: url } });
    expect(stdout + stderr).toBe("pass [ 'pgcrypto 1.3' ]\n");
  });
});

test("--help needs neither a server nor a config", async () => {
  expect(await runBin("deploy-extensions", ["--help"])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/--lock-timeout/u) });
});
