import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { nx, withFixtureWorkspace, type FixtureScript } from "./fixture-workspace.ts";

const trace = `import { appendFileSync } from "node:fs"; import { basename } from "node:path";
const note = (word) => appendFileSync("trace.txt", word + " " + basename(process.argv[1], ".js") + "\\n"); note("start");`;

function verify(exitCode: number, manifest: Partial<FixtureScript["manifest"]> = {}): FixtureScript {
  return {
    category: "verification",
    manifest: { target: "verify", after: [], ...manifest },
    bin: `${trace} console.log("the story of", process.argv.slice(2).join(" ")); note("end"); process.exitCode = ${exitCode};`,
  };
}

function setup(exitCode: number, after: readonly string[]): FixtureScript {
  return { category: "database", manifest: { target: "setup", after, permission: "write" }, bin: `${trace} note("end"); process.exit(${exitCode});` };
}

const three = { "verify-one": verify(0), "verify-two": verify(4), "verify-three": verify(6) };
const last = verify(0, { waitsFor: Object.keys(three) });

describe("nx run-many -t verify", () => {
  test("runs a script that waits for others after they ended, and ends with the worst code", async () => {
    await withFixtureWorkspace({ ...three, "check-last": last }, async (root) => {
      const run = await nx(root, ["run-many", "-t", "verify"]);
      expect(run.code, run.stdout + run.stderr).toBe(4);
      const lines = readFileSync(join(root, "trace.txt"), "utf8").trim().split("\n");
      expect(lines).toHaveLength(8);
      expect(lines.slice(6)).toEqual(["start check-last", "end check-last"]);
    });
  });

  test("calls a failed script failed, and shows what it printed", async () => {
    await withFixtureWorkspace({ ...three, "check-last": last }, async (root) => {
      const { stdout, stderr } = await nx(root, ["run-many", "-t", "verify", "--", "--env-file=.local.env"]);
      const failed = stderr.slice(stderr.indexOf("Failed tasks"));
      expect(failed).toContain("@org/verify-two:verify\n");
      expect(failed).toContain("@org/verify-three:verify\n");
      expect(failed).not.toContain("@org/verify-one");
      expect(failed).not.toContain("@org/check-last");
      expect(stdout.match(/the story of --env-file=.local.env/g)).toHaveLength(2);
    });
  });

  test("ends with 0 when every script does, and runs each one again", async () => {
    await withFixtureWorkspace({ "verify-one": verify(0), "check-last": verify(0, { waitsFor: ["verify-one"] }) }, async (root) => {
      for (const expected of [4, 8]) {
        const run = await nx(root, ["run-many", "-t", "verify"]);
        expect(run.code, run.stdout + run.stderr).toBe(0);
        expect(readFileSync(join(root, "trace.txt"), "utf8").trim().split("\n")).toHaveLength(expected);
      }
    });
  });

  test("never starts a prerequisite of another target", async () => {
    await withFixtureWorkspace({ "init-it": setup(0, []), "verify-one": verify(0, { after: ["init-it"] }) }, async (root) => {
      expect((await nx(root, ["run-many", "-t", "verify"])).code).toBe(0);
      expect(readFileSync(join(root, "trace.txt"), "utf8")).not.toContain("init-it");
    });
  });

  test("ends with 1 when a script is killed, or is a bug", async () => {
    const killed = { ...verify(0), bin: 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);' };
    await withFixtureWorkspace({ "verify-one": killed, "verify-two": verify(4) }, async (root) => {
      expect((await nx(root, ["run-many", "-t", "verify"])).code).toBe(1);
    });
  });
});

describe("nx run-many -t setup", () => {
  test("runs in order", async () => {
    await withFixtureWorkspace({ third: setup(0, ["second"]), second: setup(0, ["first"]), first: setup(0, []) }, async (root) => {
      expect((await nx(root, ["run-many", "-t", "setup"])).code).toBe(0);
      const starts = readFileSync(join(root, "trace.txt"), "utf8").split("\n").filter((line) => line.startsWith("start"));
      expect(starts).toEqual(["start first", "start second", "start third"]);
    });
  });

  test("stops at the first failure with its code, although Nx ends with 130 when it skips dependents", async () => {
    await withFixtureWorkspace({ second: setup(0, ["first"]), first: setup(5, []) }, async (root) => {
      const run = await nx(root, ["run-many", "-t", "setup"]);
      expect(run.code, run.stdout + run.stderr).toBe(5);
      expect(readFileSync(join(root, "trace.txt"), "utf8")).toBe("start first\nend first\n");
    });
  });
});

test("a manifest that names a script that does not exist is an error", async () => {
  await withFixtureWorkspace({ "verify-one": verify(0, { after: ["no-such-script"] }) }, async (root) => {
    const run = await nx(root, ["run-many", "-t", "verify", "--verbose"]);
    expect(run.code).not.toBe(0);
    expect(run.stdout + run.stderr).toContain('"no-such-script"');
  });
});

const patient = `${trace}
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) process.on(signal, () => { note("stopped"); setTimeout(() => process.exit(code), 200); });
setInterval(() => {}, 1000);`;

test.each([
  ["a script that runs alone", { first: { ...setup(0, []), bin: patient } }, "setup"],
  ["an attempt", { "verify-one": { ...verify(0), bin: patient }, "check-last": verify(0, { waitsFor: ["verify-one"] }) }, "verify"],
] as const)("Ctrl-C reaches %s once, and ends Nx with 130", async (_name, scripts, target) => {
  await withFixtureWorkspace(scripts, async (root) => {
    const started = () => readIfThere(join(root, "trace.txt")).startsWith("start");
    const run = await nx(root, ["run-many", "-t", target], async (child) => {
      await vi.waitUntil(started, { timeout: 20_000, interval: 20 });
      child.kill("SIGINT");
    });
    expect(run.code, run.stdout + run.stderr).toBe(130);
    const [start, ...rest] = readIfThere(join(root, "trace.txt")).trim().split("\n");
    expect(start).toMatch(/^start/);
    expect(rest.map((line) => line.split(" ")[0])).toEqual(["stopped"]);
  });
});

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
