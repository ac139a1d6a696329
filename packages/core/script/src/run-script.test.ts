import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { expect, test } from "vitest";
import { checkResult, defineScript, fail, option, pass, runChecks, runScript, skipped, warn, type Host, type Manifest, type Report, type RunContext } from "./index.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";

const manifest: Manifest = {
  summary: "Try the runtime",
  target: "verify",
  after: ["init-database"],
  services: ["postgres"],
  permission: "read",
  expected: "5s",
  timeout: "30s",
};

type Run = (context: RunContext<{ readonly name: string; readonly token: unknown }>) => Promise<{ checks: ReturnType<typeof checkResult>[]; data: unknown }>;

const check = { id: "try.it", title: "It works" };
const good: Run = async () => ({ checks: [checkResult(check, pass("it does"))], data: { answer: 42 } });

function script(run: Run = good, changes: Partial<Manifest> = {}) {
  return defineScript({
    manifest: { ...manifest, ...changes },
    package: { name: "@org/try-runtime", version: "1.2.3" },
    actions: ["look", "touch"],
    options: {
      name: option.text({ flag: "--name <name>", env: "NAME", config: "database.name", default: "app", description: "a name" }),
      token: option.secret({ flag: "--token <token>", env: "TOKEN", description: "a secret" }),
    },
    run,
  });
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly folder: string;
}

type Signals = Parameters<Host["onSignal"]>[0];

async function run(target: ReturnType<typeof script>, argv: string[] = [], around: { env?: Host["env"]; files?: Record<string, string>; signals?: (handle: Signals) => void } = {}): Promise<Ran> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(around.files ?? {})) writeFileSync(join(folder, name), text);
  let stdout = "";
  let stderr = "";
  const host: Host = {
    env: { REPORT_DIR: join(folder, "reports"), STATE_DIR: join(folder, "state"), ...around.env },
    cwd: folder,
    stdout: { isTTY: false, columns: 100, write: async (text) => void (stdout += text) },
    stderr: { isTTY: false, columns: 100, write: async (text) => void (stderr += text) },
    actor: "tester",
    hostname: "here",
    onWarning: () => {},
    onSignal: (handle) => {
      around.signals?.(handle);
      return () => {};
    },
    setTitle: () => {},
    end: async () => {},
  };
  const code = await runScript(target, argv, host);
  return { code, stdout, stderr, folder };
}

test("--json prints only the report, whose exit code is the process's", async () => {
  const { code, stdout } = await run(script(), ["--json"]);
  const report = JSON.parse(stdout) as Report;
  expect(code).toBe(0);
  expect(report).toMatchObject({
    reportVersion: 1,
    script: "try-runtime",
    scriptVersion: "1.2.3",
    verdict: "pass",
    exitCode: 0,
    counts: { total: 1, ran: 1, pass: 1 },
    data: { answer: 42 },
    error: null,
    run: { actor: "tester", host: "here", dryRun: false, arguments: ["--json"] },
  });
  expect(report.run.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
});

test.each<[string, Run, number, string]>([
  ["a failed check", async () => ({ checks: [checkResult(check, fail("no", "mend it"))], data: null }), 6, "fail"],
  ["a failed check with a code of its own", async () => ({ checks: [checkResult(check, fail("no", "mend it", { code: "connection" }))], data: null }), 4, "fail"],
  ["a warning", async () => ({ checks: [checkResult(check, warn("so so", "look"))], data: null }), 0, "warn"],
  ["no check at all", async () => ({ checks: [], data: null }), 6, "unknown"],
  ["only skipped checks", async () => ({ checks: [checkResult(check, skipped("not here"))], data: null }), 6, "unknown"],
  ["a ScriptError", async () => Promise.reject(new ScriptError("permission", "no right", { hint: "GRANT it" })), 5, "unknown"],
  ["a bug", async () => Promise.reject(new TypeError("x is undefined")), 1, "unknown"],
  ["a thrown undefined", async () => Promise.reject(undefined), 1, "unknown"],
])("%s ends with its verdict and exit code", async (_, work, exitCode, verdict) => {
  const { code, stdout } = await run(script(work), ["--json"]);
  expect([code, (JSON.parse(stdout) as Report).verdict]).toEqual([exitCode, verdict]);
});

test("a run that ended early counts as a check that could not run and tells message and next step", async () => {
  const { stdout, stderr } = await run(script(async () => Promise.reject(new ScriptError("dependency", "no schema", { hint: "Run init." }))), ["--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ counts: { total: 1, ran: 0, unknown: 1 }, error: { code: "dependency", message: "no schema", hint: "Run init." } });
  expect(stderr).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[ERROR\] \[try_runtime\] no schema\n\[.*\] \[ERROR\] \[try_runtime\] Next step: Run init\.\n$/u);
});

test.each([
  [["--nmae", "x"], /unknown option '--nmae'.*Did you mean --name/u],
  [["--password=hunter22"], /unknown option '--password=\*\*\*'/u],
  [["lok"], /unknown action "lok" \(did you mean look\?\)/u],
  [["look", "more"], /too many arguments/u],
  [["--format", "xml"], /--format "xml" is not valid: expected one of human, json, junit, markdown/u],
  [["--timeout", "10"], /--timeout "10" is not valid: expected a duration with its unit/u],
  [["--config", "none.json"], /config file .*none\.json cannot be loaded/u],
  [["--env-file", "none.env"], /env file .*none\.env does not exist/u],
])("%j is refused with exit code 3 and one clear error", async (argv, message) => {
  const { code, stdout, stderr } = await run(script(), argv);
  expect([code, stdout]).toEqual([3, ""]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain("hunter22");
});

test("--help names every flag, variable and exit code, --version the version", async () => {
  const help = await run(script(), ["--help"]);
  expect(help.stdout).toMatch(/Try the runtime[^]*--name <name>[^]*env: NAME[^]*--wait[^]*REPORT_DIR[^]*130 {2}interrupted[^]*Runs after: init-database/u);
  const version = await run(script(), ["--version"]);
  expect([help.code, version.code, version.stdout]).toEqual([0, 0, "1.2.3\n"]);
});

test("flags come before the environment, .env and the config file", async () => {
  const seen: string[] = [];
  const remember = script(async ({ settings }) => {
    seen.push(settings.name);
    return { checks: [checkResult(check, pass("ok"))], data: null };
  });
  const files = { "platform.config.json": '{"database":{"name":"config"}}', ".env": "NAME=file\n" };
  await run(remember, [], { files: { "platform.config.json": files["platform.config.json"] } });
  await run(remember, [], { files });
  await run(remember, [], { files, env: { NAME: "env" } });
  await run(remember, ["--name", "flag"], { files, env: { NAME: "env" } });
  expect(seen).toEqual(["config", "file", "env", "flag"]);
});

test("an unknown config key is refused with a suggestion", async () => {
  const { code, stderr } = await run(script(), [], { files: { "platform.config.json": '{"migration":{}}' } });
  expect(code).toBe(3);
  expect(stderr).toMatch(/migration[^]*migrations/u);
});

test("a dry run that changed nothing exits with 10, or with 0 when told", async () => {
  const dry: Run = async ({ dryRun }) => ({ checks: [checkResult(check, dryRun ? skipped("dry run") : pass("done"))], data: null });
  expect((await run(script(dry), ["--dry-run"])).code).toBe(10);
  expect((await run(script(dry), [], { env: { DRY_RUN: "true" } })).code).toBe(10);
  expect((await run(script(dry), ["--dry-run", "--dry-run-exit-zero"])).code).toBe(0);
});

test("two formats at once are refused, one asked for twice is not", async () => {
  const refused = await run(script(), ["--json", "--format", "human"]);
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("--json and --format human ask for two formats at once") });
  expect((await run(script(), ["--json", "--format", "json"])).code).toBe(0);
});

test("a writer refuses production without --yes", async () => {
  const writer = script(good, { permission: "write", target: "setup" });
  const refused = await run(writer, [], { env: { ENVIRONMENT: "production" } });
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("Pass --yes")]);
  expect((await run(writer, ["--yes"], { env: { ENVIRONMENT: "production" } })).code).toBe(0);
});

test("an action of a writer that changes nothing runs in production", async () => {
  const writer = defineScript({ ...script(good, { permission: "write", target: "setup" }).definition, readActions: ["look"] });
  const env = { ENVIRONMENT: "production" };
  expect([(await run(writer, ["look"], { env })).code, (await run(writer, ["touch"], { env })).code]).toEqual([0, 3]);
});

test("what only one action needs is asked for there alone", async () => {
  const target = defineScript({ ...script().definition, requires: { touch: ["token"] } });
  expect((await run(target, ["look"])).code).toBe(0);
  expect(await run(target, ["touch"])).toMatchObject({ code: 3, stderr: expect.stringContaining("TOKEN is not set") });
  expect((await run(target, ["touch"], { env: { TOKEN: "a-long-secret" } })).code).toBe(0);
  await expect(target({}, { action: "touch" })).rejects.toMatchObject({ code: "configuration" });
});

/** Ends only when the signal aborts. */
const endless: Run = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("stopped working")));
  });

test("the timeout ends a run with 7", async () => {
  const { code, stderr } = await run(script(endless), ["--timeout", "50ms"]);
  expect([code, stderr]).toEqual([7, expect.stringContaining("did not end within 50 ms")]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends a run with %i", async (signal, exitCode) => {
  const { code, stdout } = await run(script(endless), ["--json"], { signals: (handle) => setTimeout(() => handle(signal), 10) });
  expect([code, (JSON.parse(stdout) as Report).exitCode]).toEqual([exitCode, exitCode]);
});

test("a secret appears in no output, report or journal", async () => {
  const leak: Run = async ({ logger, settings }) => {
    const token = (settings.token as { reveal(): string }).reveal();
    logger.error(`token ${token}`);
    return { checks: [checkResult(check, fail(`used ${token}`, `change ${token}`))], data: { url: `postgres://u:${token}@h/d` } };
  };
  const { stdout, stderr, folder } = await run(script(leak), ["--json", "--token", "s3cr3t-value"]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(1);
  const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  for (const text of [stdout, stderr, ...written]) expect(text).not.toContain("s3cr3t-value");
});

test("--output writes the report to the file and nothing to standard output", async () => {
  const { stdout, folder } = await run(script(), ["--format", "junit", "--output", "report.xml"]);
  expect([stdout, readFileSync(join(folder, "report.xml"), "utf8")]).toEqual(["", expect.stringContaining("<testsuite")]);
});

test("--wait tries again while a service does not answer", async () => {
  let tries = 0;
  const late: Run = async () => {
    tries += 1;
    return { checks: [checkResult(check, tries < 3 ? fail("refused", "start it", { code: "connection" }) : pass("answers"))], data: null };
  };
  expect((await run(script(late), ["--wait", "30s"])).code).toBe(0);
  expect(tries).toBe(3);
});

test("the imported function returns the report, reads nothing but its input and throws what ended it early", async () => {
  const report = await script(async ({ settings, sources }) => ({
    checks: [checkResult(check, pass("ok"))],
    data: { name: settings.name, from: sources["name"]!.kind },
  }))({ name: "given" });
  expect(report).toMatchObject({ verdict: "pass", data: { name: "given", from: "input" } });
  await expect(script(async () => Promise.reject(new ScriptError("connection", "refused")))()).rejects.toMatchObject({ exitCode: 4 });
  await expect(script(endless)({}, { signal: AbortSignal.abort(new ScriptError("interrupted", "stop")) })).rejects.toMatchObject({ exitCode: 130 });
  await expect(script()({ name: "" })).rejects.toMatchObject({ exitCode: 3 });
});

test("what cannot be opened leaves every check unknown, each told on standard error", async () => {
  const checks = ["a", "b"].map((id) => ({ id, title: id, run: () => pass("never") }));
  const unopened: Run = async (context) => ({ data: null, checks: await runChecks({ checks, context, open: async () => Promise.reject(new ScriptError("connection", "refused")) }) });
  const { code, stdout, stderr } = await run(script(unopened), ["--json"]);
  expect([code, (JSON.parse(stdout) as Report).counts]).toMatchObject([4, { total: 2, ran: 0, unknown: 2 }]);
  expect(stderr).toMatch(/\[ERROR\] \[try_runtime\] unknown a: it could not run: refused[^]*\[ERROR\] \[try_runtime\] unknown b:/u);
});
