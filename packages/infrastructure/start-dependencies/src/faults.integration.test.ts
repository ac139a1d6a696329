// Needs Postgres and a cache server: what kills, recycled pids, busy ports and lost files do to real servers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closedPort, startPrivateCache, startPrivatePostgres, startProcess } from "@org/testkit";
import { expect, test, vi } from "vitest";
import { postgresOsUser } from "./os-user.ts";
import { isRunning, processIdentity } from "./process-identity.ts";
import { processesWith, withProject, type DependenciesReport, type Project } from "./testing/project.ts";
import { mark, marks } from "./testing/servers.ts";

// Each test runs the command several times, and a busy machine is slow.
vi.setConfig({ testTimeout: 240_000 });

function pids({ data }: DependenciesReport): number[] {
  return data.services.map(({ pid }) => pid ?? 0);
}

async function kill9(pid: number): Promise<void> {
  const identity = processIdentity(pid)!;
  process.kill(pid, "SIGKILL");
  await expect.poll(() => isRunning(identity)).toBe(false);
}

test("servers that were killed with -9 start again with their data", async () => {
  await withProject(async (project) => {
    const before = await project.json(["start"]);
    await mark(await project.urls());
    for (const pid of pids(before)) await kill9(pid);
    expect((await project.json(["status"])).exitCode).toBe(6);
    const after = await project.json(["start"]);
    expect(after.exitCode).toBe(0);
    expect(await marks(await project.urls())).toEqual({ postgres: true, cache: true });
  });
});

test.each([/Making the data directory/, /Starting the cache/])("a start that is killed with -9 at %s leaves nothing that the next one cannot mend", async (moment) => {
  await withProject(async (project) => {
    const killed = project.start(["start"]);
    await killed.output(moment);
    killed.kill("SIGKILL");
    await killed.done;
    expect((await project.json(["start"])).exitCode).toBe(0);
    expect((await project.json(["stop"])).exitCode).toBe(0);
    expect(await processesWith(join(project.folder, ".platform"))).toEqual([]);
  });
});

test("a server that was spawned and not recorded is found again by its data", async () => {
  await withProject(async (project) => {
    const first = await project.json(["start"]);
    await forgetProcesses(project);
    const second = await project.json(["start"]);
    expect(pids(second)).toEqual(pids(first));
    await rm(join(project.stateDir, "dependencies.json"));
    expect((await project.json(["stop", "--service", "postgres"])).checks[0]?.evidence).toContain(`stopped process ${pids(first)[0]}`);
    expect((await project.json(["stop", "--service", "cache"])).checks[0]?.evidence).toContain(`stopped process ${pids(first)[1]}`);
    expect(await processesWith(join(project.folder, ".platform"))).toEqual([]);
  });
});

test("a server that runs and has lost record and pid file is known by its password", async () => {
  await withProject(async (project) => {
    const first = await project.json(["start"]);
    await forgetProcesses(project);
    await rm(join(project.stateDir, "dependencies", "cache", "cache.pid"));
    expect(pids(await project.json(["start"]))).toEqual(pids(first));
  });
});

async function forgetProcesses(project: Project): Promise<void> {
  const file = join(project.stateDir, "dependencies.json");
  const state = JSON.parse(await readFile(file, "utf8")) as { services: Record<string, { process?: unknown; phase: string }> };
  for (const record of Object.values(state.services)) {
    delete record.process;
    record.phase = "starting";
  }
  await writeFile(file, JSON.stringify(state));
}

test("a recycled pid in the state file is neither taken for the server nor stopped", async () => {
  await withProject(async (project) => {
    await project.run(["start"]);
    await project.run(["stop"]);
    const file = join(project.stateDir, "dependencies.json");
    const bystander = startProcess("sleep", ["60"]);
    const state = JSON.parse(await readFile(file, "utf8")) as { services: Record<string, object> };
    for (const record of Object.values(state.services)) Object.assign(record, { phase: "running", process: { pid: bystander.pid, startedAt: "1" } });
    await writeFile(file, JSON.stringify(state));
    expect((await project.json(["stop"])).exitCode).toBe(0);
    expect(processIdentity(bystander.pid)).toBeDefined();
    expect((await project.json(["start"])).exitCode).toBe(0);
    bystander.kill("SIGKILL");
    await bystander.done;
  });
});

test("a recycled pid in postmaster.pid does not keep Postgres from starting", async () => {
  await withProject(async (project) => {
    const first = await project.json(["start", "--service", "postgres"]);
    await kill9(pids(first)[0]!);
    const osUser = await postgresOsUser();
    const bystander = spawn("sleep", ["60"], { stdio: "ignore", ...(osUser && { uid: osUser.uid, gid: osUser.gid }) });
    await once(bystander, "spawn");
    const file = join(first.data.services[0]!.dataDir!, "postmaster.pid");
    await writeFile(file, (await readFile(file, "utf8")).replace(/^\d+/, String(bystander.pid)));
    expect((await project.json(["start", "--service", "postgres"])).exitCode).toBe(0);
    bystander.kill("SIGKILL");
    await once(bystander, "exit");
  });
});

test("two starts at once: one starts, the other waits and tells the same", async () => {
  await withProject(async (project) => {
    const reports = await Promise.all([project.json(["start"]), project.json(["start"]), project.json(["start"])]);
    expect(reports.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(new Set(reports.map((report) => pids(report).join())).size).toBe(1);
    expect(reports.map(({ data }) => data.services.filter(({ startedNow }) => startedNow).length).sort()).toEqual([0, 0, 2]);
    expect(reports.filter(({ stderr }) => stderr.includes("is at work; waiting for it"))).toHaveLength(2);
  });
});

test("a busy port is refused with its owner's pid and command, and the other service still starts", async () => {
  await withProject(async (project) => {
    const owner = startProcess(process.execPath, ["-e", `require("net").createServer().listen(${project.postgresPort}, "127.0.0.1", () => console.log("up"))`]);
    await owner.output(/up/);
    const { exitCode, checks } = await project.json(["start"]);
    expect(exitCode).toBe(2);
    expect(checks[0]).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(new RegExp(`port ${project.postgresPort} .* process ${owner.pid} \\(.*createServer`)) as string, remedy: expect.stringContaining("--postgres-port") as string });
    expect(checks[1]?.verdict).toBe("pass");
    expect(processIdentity(owner.pid)).toBeDefined();
    owner.kill("SIGKILL");
    await owner.done;
  });
});

test("a running server is not moved to another port or provider behind its users' backs", async () => {
  await withProject(async (project) => {
    await project.run(["start", "--service", "cache"]);
    const moved = await project.json(["start", "--service", "cache", "--cache-port", String(await closedPort())]);
    expect([moved.exitCode, moved.checks[0]?.evidence]).toEqual([3, expect.stringContaining(`runs on port ${project.cachePort} already`)]);
    expect((await project.json(["start", "--service", "cache", "--provider", "embedded"])).exitCode).toBe(3);
  });
});

test("Ctrl-C in the middle of a start ends it with 130 and leaves no server behind", async () => {
  await withProject(async (project) => {
    const interrupted = project.start(["start"]);
    await interrupted.output(/Making the data directory/);
    interrupted.kill("SIGINT");
    expect((await interrupted.done).exitCode).toBe(130);
    await expect.poll(() => processesWith(join(project.folder, ".platform"))).toEqual([]);
    expect((await project.json(["start"])).exitCode).toBe(0);
  });
});

test("a timeout ends a start with 7", async () => {
  await withProject(async (project) => {
    expect((await project.run(["start", "--timeout", "300ms"])).exitCode).toBe(7);
    await expect.poll(() => processesWith(join(project.folder, ".platform"))).toEqual([]);
  });
});

test("a server that cannot start says why, with its last lines", async () => {
  await withProject(
    async (project) => {
      const { exitCode, checks } = await project.json(["start", "--service", "postgres"]);
      expect(exitCode).toBe(4);
      expect(checks[0]?.evidence).toMatch(/Postgres ended while it started \(exit code 1\)[^]*no_such_library/);
    },
    { config: { dependencies: { preloadLibraries: ["no_such_library"] } } },
  );
});

test("a lost password is replaced, and the data stays", async () => {
  await withProject(async (project) => {
    await project.run(["start"]);
    await mark(await project.urls());
    await project.run(["stop"]);
    await rm(join(project.stateDir, "dependencies", "passwords.json"));
    expect((await project.json(["start"])).exitCode).toBe(0);
    expect(await marks(await project.urls())).toEqual({ postgres: true, cache: true });
  });
});

test("what already answers at the URLs is used, and never stopped", async () => {
  const [postgres, cache] = await Promise.all([startPrivatePostgres(), startPrivateCache()]);
  await withProject(async (project) => {
    const env = { DATABASE_URL: postgres.url, REDIS_URL: cache.url };
    const { exitCode, data } = await project.json(["--env-file", ".env"], { env });
    expect(exitCode).toBe(0);
    expect(data.services.map(({ provider, startedNow, pid }) => [provider, startedNow, pid])).toEqual([["existing", false, null], ["existing", false, null]]);
    expect(data.envFile?.written).toEqual(["DATABASE_URL", "REDIS_URL"]);
    expect((await project.json(["status"], { env })).exitCode).toBe(0);
    expect((await project.json(["stop"], { env })).exitCode).toBe(0);
    expect([postgres.pid, cache.pid].map((pid) => processIdentity(pid)?.pid)).toEqual([postgres.pid, cache.pid]);
    expect(existsSync(join(project.stateDir, "dependencies.json"))).toBe(false);

    const missing = await project.json(["--service", "postgres"], { env: { DATABASE_URL: postgres.url.replace(/postgres$/, "not_there") } });
    expect(missing.checks[0]).toMatchObject({ verdict: "pass", evidence: expect.stringContaining("not_there does not exist yet") as string });
    const wrong = await project.json(["--provider", "existing"], { env: { DATABASE_URL: postgres.url.replace(postgres.password, "wrong"), REDIS_URL: cache.url.replace(cache.password!, "wrong") } });
    expect([wrong.exitCode, ...wrong.checks.map(({ verdict }) => verdict)]).toEqual([4, "fail", "fail"]);
  });
  await Promise.all([postgres.stop(), cache.stop()]);
});

test("a URL where nothing answers is warned about, because the other scripts use it", async () => {
  await withProject(async (project) => {
    const url = `postgres://me:secret@127.0.0.1:${await closedPort()}/db`;
    await writeFile(join(project.folder, ".env"), `DATABASE_URL=${url}\n`);
    const { exitCode, checks, data } = await project.json(["--service", "postgres", "--env-file", ".env"]);
    expect(exitCode).toBe(0);
    expect(checks[0]).toMatchObject({ verdict: "warn", evidence: expect.stringContaining("refused the connection") as string });
    expect(data.envFile?.kept).toEqual(["DATABASE_URL"]);
    expect(await readFile(join(project.folder, ".env"), "utf8")).toBe(`DATABASE_URL=${url}\n`);
    expect((await project.json(["--provider", "existing", "--service", "postgres"])).exitCode).toBe(4);
  });
});

test("wrong words and a broken config are configuration errors", async () => {
  await withProject(async (project) => {
    for (const args of [["strat"], ["--provder", "local"], ["--provider", "cloud"], ["--postgres-port", "0"], ["--provider", "existing"]]) {
      expect([args, (await project.run(args)).exitCode]).toEqual([args, 3]);
    }
    await writeFile(join(project.folder, "platform.config.json"), JSON.stringify({ dependancies: {} }));
    expect((await project.run(["start"])).exitCode).toBe(3);
    await writeFile(join(project.folder, "platform.config.json"), "{}");
  });
});
