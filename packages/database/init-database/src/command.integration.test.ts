// Needs Postgres, which the testkit starts. Runs the command as a process.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { advisoryLockKey, withAdvisoryLock, withClient, withDatabase } from "@org/postgres";
import { closedPort, runBin, startBin, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, loginUrl, onDatabase } from "./testing/server.ts";

let server: PrivatePostgres;
beforeAll(async () => {
  server = await startPrivatePostgres({ settings: { log_statement: "all", log_min_messages: "debug1" } });
});
afterAll(() => server.stop());

interface Shell {
  readonly name: string;
  readonly folder: string;
  readonly env: Record<string, string>;
}

function withShell(run: (shell: Shell) => Promise<void>): Promise<void> {
  return withTempFolder((folder) => {
    const name = freshName();
    const env = { DATABASE_URL: withDatabase(server.url, name), STATE_DIR: join(folder, "state"), REPORT_DIR: folder };
    return run({ name, folder, env });
  });
}

test("the second run says that nothing was changed", () =>
  withShell(async ({ folder, env }) => {
    const first = await runBin("init-database", [], { cwd: folder, env });
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/changes were made\.\nThe connection URLs of the new roles are in .*\.env\./) });
    const second = await runBin("init-database", [], { cwd: folder, env });
    expect(second).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Nothing was missing, nothing was changed.") });
    expect(second.stderr).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[INFO\] \[init_database\] Everything exists already, nothing was changed$/m);
  }));

test("a dry run prints SQL and ends with 10", () =>
  withShell(async ({ folder, env, name }) => {
    const { exitCode, stdout } = await runBin("init-database", ["--dry-run", "--supabase"], { cwd: folder, env });
    expect(exitCode).toBe(10);
    expect(stdout).toContain(`CREATE ROLE "${name}_readonly" LOGIN INHERIT PASSWORD '<generated>';`);
    expect(stdout).toContain('CREATE ROLE "service_role" NOLOGIN NOINHERIT BYPASSRLS;');
    await expect(onDatabase(env["DATABASE_URL"] ?? "", "select 1")).rejects.toMatchObject({ code: "dependency" });
  }));

test.each([
  { what: "an unknown flag", args: ["--databse", "x"], words: "--database" },
  { what: "no URL", args: [], changes: { DATABASE_URL: undefined }, words: "DATABASE_URL" },
  { what: "a name that Postgres keeps", args: ["--schemas", "pg_mine"], words: "keeps it for itself" },
  { what: "production without --yes", args: [], changes: { ENVIRONMENT: "production" }, words: "--yes" },
])("$what ends with 3 and a next step", ({ args, changes, words }) =>
  withShell(async ({ folder, env }) => {
    const { exitCode, stderr } = await runBin("init-database", args, { cwd: folder, env: { ...env, ...changes } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining(words) });
  }),
);

test("a wrong password and a refused connection end with 4", () =>
  withShell(async ({ folder, env, name }) => {
    const wrong = loginUrl(env["DATABASE_URL"] ?? "", "postgres", "not-the-password");
    const closed = `postgres://postgres:x@127.0.0.1:${await closedPort()}/${name}`;
    for (const [DATABASE_URL, reason] of [[wrong, "refused the login"], [closed, "refused the connection"]] as const) {
      const { exitCode, stderr } = await runBin("init-database", [], { cwd: folder, env: { ...env, DATABASE_URL } });
      expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: expect.stringContaining(reason) });
      expect(stderr).not.toContain("not-the-password");
    }
  }));

test("a missing right ends with 5 and the statement that gives it", () =>
  withShell(async ({ folder, env, name }) => {
    await onDatabase(server.url, `create role ${name}_ops login password 'k7Jq-zW3e'`);
    const { exitCode, stderr } = await runBin("init-database", [], { cwd: folder, env: { ...env, DATABASE_URL: loginUrl(env["DATABASE_URL"] ?? "", `${name}_ops`, "k7Jq-zW3e") } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: expect.stringContaining(`ALTER ROLE "${name}_ops" CREATEROLE; ALTER ROLE "${name}_ops" CREATEDB;`) });
  }));

test("while another run holds the lock, the timeout ends with 7 and Ctrl-C with 130", () =>
  withShell(async ({ folder, env }) => {
    const key = advisoryLockKey("platform-scripts init-database");
    await withClient({ url: server.url, applicationName: "test" }, (client) =>
      withAdvisoryLock(client, { key, waitMs: 0 }, async () => {
        const { exitCode } = await runBin("init-database", ["--timeout", "1s"], { cwd: folder, env });
        expect(exitCode).toBe(7);
        const process = startBin("init-database", ["--log-level", "debug"], { cwd: folder, env });
        const sessions = async () => (await client.query("select 1 from pg_stat_activity where application_name = 'init-database'")).rows.length;
        await expect.poll(sessions, { timeout: 20_000 }).toBe(1);
        process.kill("SIGINT");
        expect((await process.done).exitCode).toBe(130);
        await expect.poll(sessions).toBe(0);
      }),
    );
  }));

test("killed at any moment, the next run completes the work and every written URL works", () =>
  withShell(async ({ folder, env, name }) => {
    for (let turn = 0; turn < 8; turn += 1) {
      const process = startBin("init-database", [], { cwd: folder, env });
      await process.output(/Create the role|Everything exists|done|Give/);
      setTimeout(() => process.kill("SIGKILL"), Math.random() * 60);
      await process.done;
    }
    expect((await runBin("init-database", [], { cwd: folder, env })).exitCode).toBe(0);
    const file = join(folder, "state", "credentials", `127.0.0.1-${server.port}-${name}.env`);
    const urls = Object.values(parseEnv(await readFile(file, "utf8"))) as string[];
    expect(urls).toHaveLength(3);
    for (const url of urls) await onDatabase(url, "select 1");
    expect((await runBin("init-database", [], { cwd: folder, env })).stdout).toContain("nothing was changed");
  }));

test("passwords are in the env file and nowhere else: no output, report, history row or server log", () =>
  withShell(async ({ folder, env }) => {
    const credentialsFile = join(folder, "app.env");
    const outputs: string[] = [];
    for (const args of [["--dry-run"], ["--log-level", "debug"], ["--json", "--log-level", "debug"], ["--format", "junit"], ["--format", "markdown"]]) {
      const { stdout, stderr } = await runBin("init-database", [...args, "--credentials-file", credentialsFile], { cwd: folder, env });
      outputs.push(stdout, stderr);
    }
    expect((await stat(credentialsFile)).mode & 0o777).toBe(0o600);
    const secrets = (Object.values(parseEnv(await readFile(credentialsFile, "utf8"))) as string[]).map((url) => new URL(url).password);
    expect(secrets).toHaveLength(3);
    const { rows } = await onDatabase(env["DATABASE_URL"] ?? "", "select l::text, c::text from platform.script_execution_log l left join platform.health_check_results c using (run_id)");
    expect(rows.length).toBeGreaterThan(0);
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const written = await Promise.all(files.filter((file) => file !== credentialsFile).map((file) => readFile(file, "utf8")));
    const log = await readFile(server.logFile, "utf8");
    expect(log).toContain("SCRAM-SHA-256$4096:");
    const everything = [...outputs, ...written, JSON.stringify(rows), log].join("\n");
    for (const secret of [...secrets, server.password]) expect(everything.includes(secret)).toBe(false);
  }));
