import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import {
  createRedactor,
  databaseUrl,
  findConfigFile,
  loadConfigFile,
  option,
  parseDuration,
  readEnvFile,
  redactDeep,
  resolveSettings,
  Secret,
  suggest,
} from "./index.ts";

const options = {
  databaseUrl: databaseUrl(),
  slowMs: option.integer({ flag: "--slow-ms <ms>", config: "thresholds.connect", default: 100, min: 1, description: "slow" }),
  wait: option.duration({ flag: "--wait <duration>", env: "WAIT", description: "how long to wait" }),
  mode: option.choice({ flag: "--mode <mode>", choices: ["fast", "safe"], default: "safe", description: "mode" }),
  force: option.boolean({ flag: "--force", description: "force" }),
  directory: option.path({ config: "migrations.directory", description: "folder" }),
};

test("a stronger source wins, and every value says where it came from", () => {
  const { settings, sources, secrets } = resolveSettings(options, {
    root: "/app",
    flags: { slowMs: "7" },
    env: { WAIT: "1m30s", DATABASE_URL: "" },
    envFile: { file: "/app/.env", values: { DATABASE_URL: "postgres://u:pw1234@h/d", WAIT: "9s" } },
    config: { file: "/app/platform.config.json", values: { thresholds: { connect: 9 }, migrations: { directory: "sql" } } },
  });
  expect(settings).toMatchObject({ slowMs: 7, wait: 90_000, mode: "safe", force: false, directory: "/app/sql" });
  expect(sources).toMatchObject({
    databaseUrl: { kind: "env-file", name: "DATABASE_URL", file: "/app/.env" },
    slowMs: { kind: "flag", name: "--slow-ms" },
    wait: { kind: "env", name: "WAIT" },
    mode: { kind: "default" },
  });
  expect(secrets).toEqual(["postgres://u:pw1234@h/d"]);
  expect(Object.isFrozen(settings)).toBe(true);
});

test("all problems are reported in one error that names value, reason and the way to set it", () => {
  const resolve = (): unknown =>
    resolveSettings(options, { root: "/", env: { WAIT: "10" }, flags: { slowMs: "0", mode: "fats", force: "maybe" } });
  expect(resolve).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message: expect.stringMatching(
        /5 problems:[^]*DATABASE_URL is not set[^]*--database-url[^]*--slow-ms "0" is not valid: expected a whole number from 1[^]*WAIT "10" is not valid: expected a duration[^]*--mode "fats"[^]*fast, safe[^]*--force "maybe"/u,
      ) as string,
    }) as Error,
  );
});

test("a secret's bad value stays out of the error", () => {
  expect(() => resolveSettings({ key: option.secret({ env: "KEY", description: "key" }) }, { root: "/", input: { key: 12345 } })).toThrow(
    /^(?!.*12345).*is not valid/u,
  );
});

test("a secret shows itself only when asked", () => {
  const secret = new Secret("hunter22");
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret }), secret.reveal()]).toEqual([
    "***",
    '{"secret":"***"}',
    "{ secret: *** }",
    "hunter22",
  ]);
});

test.each([
  ["postgres://bob:p%40ss:wo@rd@db.example:5432/app failed", "postgres://bob:***@db.example:5432/app failed"],
  ["redis://:sesame@127.0.0.1:6379", "redis://:***@127.0.0.1:6379"],
  ["key eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl end", "key *** end"],
  ["psql --password hunter2 -h x", "psql --password *** -h x"],
  ["--password=hunter2", "--password=***"],
  ['{"password": "a \\" b"}', '{"password": ***}'],
  ["SUPABASE_SERVICE_KEY=abc123", "SUPABASE_SERVICE_KEY=***"],
  ["sb_secret_abcdefgh1234", "sb_secret_***"],
  ["no secret at postgres://localhost/app", "no secret at postgres://localhost/app"],
])("%j is redacted", (text, redacted) => {
  expect(createRedactor([])(text)).toBe(redacted);
});

test("known secrets are found in every spelling, also deep in data", () => {
  const redact = createRedactor(["postgres://u:p%40ss%2Fword@h/d"]);
  expect(redactDeep({ a: ["the word p@ss/word and p%40ss%2Fword"], dbPassword: "x1", n: 1, z: null }, redact)).toEqual({
    a: ["the word *** and ***"],
    dbPassword: "***",
    n: 1,
    z: null,
  });
});

test("data without a secret comes back as it is", () => {
  const data = { verdict: "pass", list: ["no secret at postgres://localhost/app", 1, null, { key: "value" }] };
  expect(redactDeep(data, createRedactor(["hunter22"]))).toBe(data);
});

// Looked at as one text in JSON, these are not what they are.
test.each([
  ["a quote in it", 'pa"ss word'],
  ["a backslash in it", "pa\\ss"],
  ["a line end in it", "pass\nword"],
])("a known secret with %s is found deep in data, also where it is escaped already", (_, secret) => {
  const redact = createRedactor([secret]);
  expect(redactDeep([`x${secret}x`, `x${JSON.stringify(secret)}x`], redact)).toEqual(["x***x", 'x"***"x']);
});

test.each([
  [{ "my.password": "x1" }, { "my.password": "***" }],
  [{ "a b authToken": "x1" }, { "a b authToken": "***" }],
  [{ text: 'say "password=x1"' }, { text: 'say "password=***"' }],
  [{ text: "line\npassword=x1" }, { text: "line\npassword=***" }],
  [["--token", { "": "postgres://u:p@h/d" }], ["--token", { "": "postgres://u:***@h/d" }]],
])("%j is redacted as data", (data, redacted) => {
  expect(redactDeep<unknown>(data, createRedactor([]))).toEqual(redacted);
});

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1_500],
])("duration %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["10", "", "s", "5 parsecs", "-5s", "5s!"])("duration %j is refused", (text) => {
  expect(() => parseDuration(text)).toThrow("unit");
});

test("a near word is suggested, a far one is not", () => {
  expect(suggest("databaseUrI", ["databaseUrl", "redisUrl"])).toBe("databaseUrl");
  expect(suggest("zebra", ["databaseUrl"])).toBeUndefined();
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "env ünïcode-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test("an env file is read with its byte order mark and CRLF, a missing one is undefined, a folder is an error", async () => {
  const file = join(folder(), ".env");
  writeFileSync(file, "\uFEFFDATABASE_URL='postgres://x'\r\n# note\r\nLOG_LEVEL=info\r\n");
  expect(await readEnvFile(file)).toEqual({ DATABASE_URL: "postgres://x", LOG_LEVEL: "info" });
  expect(await readEnvFile(`${file}.none`)).toBeUndefined();
  await expect(readEnvFile(tmpdir())).rejects.toMatchObject({ exitCode: 3 });
});

test.each([
  ["platform.config.ts", 'const config: { a: number } = { a: 1 };\nexport default config;'],
  ["platform.config.mjs", "export default { a: 1 };"],
  ["platform.config.json", '{ "a": 1 }'],
  ["platform.config.yaml", "a: 1\n"],
])("%s is found from a folder below and loaded", async (name, text) => {
  const root = folder();
  writeFileSync(join(root, name), text);
  const file = findConfigFile(join(root, "deep", "er"));
  expect(file).toBe(join(root, name));
  expect(await loadConfigFile(file!)).toEqual({ a: 1 });
});

test.each([
  ["platform.config.json", "{ broken"],
  ["platform.config.mjs", "export const x = 1;"],
  ["platform.config.toml", ""],
])("%s that cannot be loaded is a configuration error naming it", async (name, text) => {
  const file = join(folder(), name);
  writeFileSync(file, text);
  await expect(loadConfigFile(file)).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining(name) as string });
});

test("two config files in one folder are refused", () => {
  const root = folder();
  writeFileSync(join(root, "platform.config.json"), "{}");
  writeFileSync(join(root, "platform.config.yaml"), "");
  expect(() => findConfigFile(root)).toThrow("2 config files");
});
