// Needs Postgres and a cache server: real processes of the command, servers and folders.
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { withClient } from "@org/postgres";
import { expect, test, vi } from "vitest";
import { processesWith, withProject } from "./testing/project.ts";
import { mark, marks } from "./testing/servers.ts";

// Each test runs the command several times, and a busy machine is slow.
vi.setConfig({ testTimeout: 240_000 });

test("start makes both ready, a second start changes nothing, stop keeps the data, --purge removes it", async () => {
  await withProject(async (project) => {
    expect((await project.json(["status"])).exitCode).toBe(6);
    const first = await project.json(["--env-file", ".env"]);
    expect(first.checks.map(({ id, verdict }) => [id, verdict])).toEqual([["postgres.ready", "pass"], ["cache.ready", "pass"], ["env-file.written", "pass"]]);
    expect(first.exitCode).toBe(0);
    expect(first.data.services).toMatchObject([{ state: "ready", provider: "local", port: project.postgresPort, startedNow: true }, { state: "ready", provider: "local", port: project.cachePort, startedNow: true }]);
    const urls = await project.urls();
    await mark(urls);

    const second = await project.json(["--env-file", ".env"]);
    expect(second.data.services.map(({ pid, startedNow }) => [pid, startedNow])).toEqual(first.data.services.map(({ pid }) => [pid, false]));
    expect(second.data.envFile).toMatchObject({ unchanged: ["DATABASE_URL", "REDIS_URL"] });
    expect((await project.json(["status"])).exitCode).toBe(0);

    expect((await project.json(["stop"])).exitCode).toBe(0);
    expect(await processesWith(project.folder)).toEqual([]);
    const again = await project.json(["stop"]);
    expect([again.exitCode, again.checks[0]?.evidence]).toEqual([0, expect.stringContaining("nothing that this project started")]);
    expect((await project.json(["status"])).exitCode).toBe(6);

    await project.run(["start"]);
    expect(await marks(urls)).toEqual({ postgres: true, cache: true });
    expect((await project.json(["stop", "--purge"])).exitCode).toBe(0);
    await project.run(["start"]);
    expect(await marks(urls)).toEqual({ postgres: false, cache: false });
  });
});

test("the env file gets working URLs; nothing on the screen, in the report or in process titles holds a password", async () => {
  await withProject(async (project) => {
    const started = await project.run(["--env-file", ".env"]);
    const { DATABASE_URL = "", REDIS_URL = "" } = parseEnv(await readFile(join(project.folder, ".env"), "utf8"));
    expect(new URL(DATABASE_URL).pathname).toBe("/app");
    expect(await marks({ DATABASE_URL: DATABASE_URL.replace(/app$/, "postgres"), REDIS_URL })).toEqual({ postgres: false, cache: false });
    const log = await project.run(["logs"]);
    const said = [started, log].map(({ stdout, stderr }) => stdout + stderr).join();
    expect(said).toContain("postgres://postgres:***@127.0.0.1");
    for (const password of [new URL(DATABASE_URL).password, new URL(REDIS_URL).password]) {
      expect(said).not.toContain(password);
      expect(await processesWith(password)).toEqual([]);
    }
    for (const file of ["dependencies.json", "dependencies/passwords.json"]) expect((await stat(join(project.stateDir, file))).mode & 0o777).toBe(0o600);
  });
});

test("Postgres: password authentication, this machine only, no socket, the preload libraries of the config", async () => {
  await withProject(
    async (project) => {
      await project.run(["start", "--service", "postgres"]);
      const { DATABASE_URL } = await project.urls();
      const settings = await withClient({ url: DATABASE_URL, applicationName: "test" }, async (client) => {
        const { rows } = await client.query<{ name: string; setting: string }>("SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories', 'shared_preload_libraries', 'password_encryption') ORDER BY name");
        const { rows: rules } = await client.query("SELECT DISTINCT auth_method FROM pg_hba_file_rules");
        return { ...Object.fromEntries(rows.map(({ name, setting }) => [name, setting])), rules };
      });
      expect(settings).toEqual({ listen_addresses: "127.0.0.1", password_encryption: "scram-sha-256", shared_preload_libraries: "auto_explain", unix_socket_directories: "", rules: [{ auth_method: "scram-sha-256" }] });
      expect(existsSync(`/tmp/.s.PGSQL.${project.postgresPort}`)).toBe(false);
      expect((await project.json(["status"])).checks.map(({ verdict }) => verdict)).toEqual(["pass", "fail"]);

      await writeFile(join(project.folder, "platform.config.json"), JSON.stringify({ dependencies: { postgresPort: project.postgresPort, cachePort: project.cachePort } }));
      const changed = await project.json(["start", "--service", "postgres"]);
      expect(changed.checks[0]).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("shared_preload_libraries") as string, remedy: expect.stringContaining("Restart") as string });
    },
    { config: { dependencies: { preloadLibraries: ["auto_explain"] } } },
  );
});

test("logs gives the last lines of each server", async () => {
  await withProject(async (project) => {
    expect((await project.json(["logs"])).checks.map(({ verdict }) => verdict)).toEqual(["skipped", "skipped"]);
    await project.run(["start"]);
    const { data } = await project.json(["logs", "--lines", "3"]);
    expect(data.logs?.postgres).toHaveLength(3);
    expect(data.logs?.postgres?.join()).toContain("ready to accept connections");
    expect((await project.run(["logs", "--service", "cache"])).stdout).toMatch(/Ready to accept connections|AcceptServer/);
  });
});

test("a dry run says what would be done, changes nothing and exits with 10", async () => {
  await withProject(async (project) => {
    const { exitCode, checks } = await project.json(["--dry-run"]);
    expect(exitCode).toBe(10);
    expect(checks.map(({ verdict, evidence }) => [verdict, evidence])).toEqual([
      ["skipped", expect.stringMatching(/^would start Postgres \d/)],
      ["skipped", expect.stringMatching(/^would start .*-server on port/)],
    ]);
    expect(existsSync(join(project.stateDir, "dependencies"))).toBe(false);
    await project.run(["start"]);
    expect((await project.json(["stop", "--dry-run"])).checks[0]?.evidence).toMatch(/^would stop process \d+ on port/);
    expect((await project.json(["status"])).exitCode).toBe(0);
  });
});

test("folders with blanks, quotes, dollars and other scripts work", async () => {
  await withProject(
    async (project) => {
      expect((await project.json(["start"])).exitCode).toBe(0);
      await mark(await project.urls());
      await project.run(["stop"]);
      await project.run(["start"]);
      expect(await marks(await project.urls())).toEqual({ postgres: true, cache: true });
    },
    { name: `it's a "test" $HOME \`x\` ünï 試験 %20 #1` },
  );
});
