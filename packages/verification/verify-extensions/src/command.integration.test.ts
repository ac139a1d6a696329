import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closedPort, runBin, runProcess, startBin, type ProcessResult } from "@org/testkit";
import { expect, test } from "vitest";
import { withPlace } from "./testing/place.ts";

test("the command renders, and --json prints what the function returns", async () => {
  await withPlace(async ({ client, configure, verify, run }) => {
    await client.query("CREATE EXTENSION pgcrypto");
    const config = { extensions: [{ name: "pgcrypto" }] };
    await configure(config);
    expect(await run([])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/pgcrypto 1\.3 in public[^]*✓ pass +pgcrypto is as the manifest/u) });
    const printed = JSON.parse((await run(["--json"])).stdout) as { checks: { id: string; verdict: string }[]; data: unknown };
    const report = await verify(config);
    expect(printed.data).toEqual(report.data);
    expect(printed.checks.map(({ id, verdict }) => [id, verdict])).toEqual(report.checks.map(({ id, verdict }) => [id, verdict]));
  });
});

test("each cause has its exit code and a next step", async () => {
  await withPlace(async ({ url, configure, run }) => {
    await configure({ extensions: [{ name: "pgcrypto" }] });
    const at = (change: (url: URL) => void): Record<string, string> => {
      const other = new URL(url);
      change(other);
      return { DATABASE_URL: other.href };
    };
    const port = String(await closedPort());
    const causes: [number, RegExp, () => Promise<ProcessResult>][] = [
      [4, /refused the connection/u, () => run([], at((other) => (other.port = port)))],
      [4, /refused the login/u, () => run([], at((other) => (other.password = "wr0ng-passw0rd")))],
      [2, /has no such database[^]*init-database/u, () => run([], at((other) => (other.pathname = "nosuch")))],
      [3, /--jsn/u, () => run(["--jsn"])],
      [10, /dry run/u, () => run(["--dry-run"])],
    ];
    for (const [code, words, cause] of causes) {
      const { exitCode, stderr, stdout } = await cause();
      expect([exitCode, stdout + stderr]).toEqual([code, expect.stringMatching(words)]);
      expect(stdout + stderr).not.toMatch(/wr0ng-passw0rd/u);
    }
    await configure({ extensions: [{ name: "pgcrypto", version: "latest" }] });
    expect(await run([])).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/extensions\[0\]\.version.*"latest"/u) });
  });
});

test("checks of the config follow the built-in ones; the timeout and Ctrl-C end what they ask", async () => {
  await withPlace(async ({ url, folder, client, run }) => {
    const slow = (seconds: string): string => `export default { extensions: [{ name: "plpgsql" }], checks: [{ script: "verify-extensions", id: "own", title: "Own",
      run: async ({ client }) => { await client.query("SELECT pg_sleep(${seconds})"); return { verdict: "fail", evidence: "no" }; } }] };`;
    const configFile = join(folder, "platform.config.mjs");
    await writeFile(configFile, slow("0"));
    expect(await run([])).toMatchObject({ exitCode: 6, stdout: expect.stringMatching(/✗ fail +Own/u) });
    await writeFile(configFile, slow("8"));
    expect(await run(["--timeout", "1500ms"])).toMatchObject({ exitCode: 7 });
    const started = startBin("verify-extensions", [], { cwd: folder, env: { DATABASE_URL: url, REPORT_DIR: folder, STATE_DIR: folder } });
    const sleeping = async (): Promise<number> => {
      const { rows } = await client.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()");
      return rows[0]!.n;
    };
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(1);
    started.kill("SIGINT");
    expect(await started.done).toMatchObject({ exitCode: 130 });
    expect(await sleeping()).toBe(0);
  });
});

test("the README's example runs", async () => {
  const packageRoot = join(import.meta.dirname, "..");
  const readme = await readFile(join(packageRoot, "README.md"), "utf8");
  const [code] = [...readme.matchAll(/```ts\n(.*?)```/gsu)].map(([, found]) => found!);
  await withPlace(async ({ url, configure }) => {
    const file = await configure({ extensions: [{ name: "plpgsql" }] });
    const example = code!.replace('"platform.config.ts"', JSON.stringify(file));
    const args = ["--conditions=@org/source", "--input-type=module-typescript", "--eval", example];
    const { stdout, stderr } = await runProcess(process.execPath, args, { cwd: packageRoot, env: { DATABASE_URL: url } });
    expect(stdout + stderr).toBe("pass [ 'plpgsql 1.0' ]\n");
  });
});

test("--help needs neither a server nor a config", async () => {
  expect(await runBin("verify-extensions", ["--help"])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/--database-url/u) });
});
