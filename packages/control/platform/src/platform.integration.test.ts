import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isScriptError } from "@org/exit-codes";
import type { Manifest } from "@org/script";
import { expect, onTestFinished, test } from "vitest";
import { platform, type PlatformData } from "./index.ts";

interface Fixture {
  readonly target?: string;
  readonly after?: readonly string[];
  readonly waitsFor?: readonly string[];
  /** The body of the script; the default passes. `order(word)` appends to the record of the order. */
  readonly body?: string;
}

/** A platform of small real scripts in a folder of its own. */
function makePlatform(scripts: Readonly<Record<string, Fixture>>): { root: string; config: string; order: () => string[] } {
  const root = mkdtempSync(join(tmpdir(), "platform ünï "));
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, fixture] of Object.entries(scripts)) writeScript(join(root, "node_modules", "@org", name), name, fixture);
  const config = join(root, "platform.config.json");
  writeFileSync(config, JSON.stringify({ scripts: Object.keys(scripts) }));
  const record = join(root, "order.txt");
  return { root, config, order: () => (existsSync(record) ? readFileSync(record, "utf8").trim().split("\n") : []) };
}

function writeScript(folder: string, name: string, { target = "verify", after = [], waitsFor = [], body = "finish(0)" }: Fixture): void {
  const manifest: Manifest = { summary: name, target, after, waitsFor, services: [], permission: "read", expected: "1s", timeout: "5s" };
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "script.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: `@org/${name}`, version: "1.0.0", type: "module", bin: { [name]: "bin/run.js" } }));
  writeFileSync(
    join(folder, "bin", "run.js"),
    `import { appendFileSync } from "node:fs";
const order = (word) => appendFileSync("order.txt", "${name} " + word + "\\n");
const finish = (exitCode, checks = []) => {
  const verdict = checks[0]?.verdict ?? (exitCode === 0 ? "pass" : "fail");
  console.log(JSON.stringify({ verdict, exitCode, counts: { ran: 1, total: 2 }, checks }));
  order("ended");
  process.exitCode = exitCode;
};
order("started");
${body}
`,
  );
  chmodSync(join(folder, "bin", "run.js"), 0o755);
}

const call = (root: string, config: string, action: string) => platform({}, { action, cwd: root, config, env: { PATH: process.env["PATH"] } });

test("setup runs in the order of the manifests and stops at the first that fails, whose code it ends with", async () => {
  const { root, config, order } = makePlatform({
    last: { target: "setup", after: ["middle"] },
    middle: { target: "setup", after: ["first"], body: "finish(5)" },
    first: { target: "setup" },
  });
  const report = await call(root, config, "setup");
  expect(order()).toEqual(["first started", "first ended", "middle started", "middle ended"]);
  expect([report.verdict, report.exitCode]).toEqual(["fail", 5]);
  expect(report.data!.runs).toMatchObject([{ script: "first", exitCode: 0 }, { script: "middle", exitCode: 5 }, { script: "last", exitCode: null, outcome: "blocked", reason: "not run, because middle did not succeed" }]);
});

test("verify runs side by side, the waiting one after all have ended, also when one failed", async () => {
  const wait = "await new Promise((resolve) => setTimeout(resolve, 300)); finish(0)";
  const { root, config, order } = makePlatform({ a: { body: wait }, b: { body: "finish(4)" }, c: { body: wait }, d: { waitsFor: ["a", "b", "c"] } });
  const report = await call(root, config, "verify");
  const seen = order();
  expect(seen.indexOf("c started")).toBeLessThan(seen.indexOf("a ended"));
  expect(seen.slice(-2)).toEqual(["d started", "d ended"]);
  expect([report.exitCode, report.counts]).toMatchObject([4, { total: 4, pass: 3, fail: 1 }]);
});

test("a child that prints no report is unknown, never a pass", async () => {
  const { root, config } = makePlatform({
    silent: { body: "process.exitCode = 0" },
    crash: { body: "process.kill(process.pid, 'SIGKILL')" },
    foreign: { body: "console.log('{}')" },
  });
  const report = await call(root, config, "verify");
  expect([report.verdict, report.exitCode]).toEqual(["unknown", 1]);
  expect(report.checks.map(({ id, verdict }) => [id, verdict])).toEqual([
    ["silent", "unknown"],
    ["crash", "unknown"],
    ["foreign", "unknown"],
  ]);
});

test("the summary names the checks that are no pass, with the remedy of the worst", async () => {
  const check = (verdict: string, id: string): string => `{ id: "${id}", title: "${id}", verdict: "${verdict}", evidence: "saw ${id}", remedy: "Mend ${id}.", durationMs: 1 }`;
  const many = ["a", "b", "c", "d", "e"].map((id) => check("fail", id)).join(", ");
  const { root, config } = makePlatform({
    clean: { body: `finish(0, [${check("pass", "fine")}])` },
    warned: { body: `finish(0, [${check("warn", "role")}, ${check("pass", "fine")}])` },
    broken: { body: `finish(6, [${many}])` },
  });
  const { checks } = await call(root, config, "verify");
  expect(checks).toMatchObject([
    { verdict: "pass", evidence: "1 of 2 checks ran" },
    { verdict: "warn", evidence: "1 of 2 checks ran; warn role: saw role", remedy: "Mend role." },
    { verdict: "fail", evidence: "exit code 6 (checkFailed), 1 of 2 checks ran; fail a: saw a; fail b: saw b; fail c: saw c; and 2 more" },
  ]);
  expect(checks[2]!.remedy).toBe(`Mend a. The report of broken in ${join(root, ".platform", "runs")} has all that it found.`);
});

test("an abort ends the children that run, and nothing is left", async () => {
  const { root, config, order } = makePlatform({
    long: { body: `process.on("SIGTERM", () => { order("terminated"); process.exit(143); }); order(process.pid); setInterval(() => {}, 1000);` },
  });
  const stop = new AbortController();
  const running = platform({}, { action: "verify", cwd: root, config, env: { PATH: process.env["PATH"] }, signal: stop.signal });
  await expect.poll(() => order().length).toBe(2);
  stop.abort(new Error("stop"));
  await expect(running).rejects.toThrow("stop");
  await expect.poll(() => order().at(-1)).toBe("long terminated");
  const pid = Number(order()[1]!.split(" ")[1]);
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("a dry run of up says what it would run and runs nothing", async () => {
  const { root, config, order } = makePlatform({ doctor: { target: "doctor" }, start: { target: "start" }, init: { target: "setup" }, check: {} });
  const report = await platform({}, { action: "up", cwd: root, config, env: {}, dryRun: true });
  expect([report.exitCode, report.verdict, order()]).toEqual([10, "skipped", []]);
  expect((report.data as PlatformData).runs.map(({ script }) => script)).toEqual(["doctor", "start", "init", "check"]);
});

test("a script that is not installed is a dependency error, a cycle a configuration error", async () => {
  const { root, config } = makePlatform({ a: { after: ["b"] }, b: { after: ["a"] } });
  await expect(call(root, config, "verify")).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("wait for each other") as string });
  writeFileSync(config, JSON.stringify({ scripts: ["nowhere"] }));
  await expect(call(root, config, "verify")).rejects.toSatisfy((error) => isScriptError(error) && error.exitCode === 2);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: the process is gone, which is the answer.
    return false;
  }
}
