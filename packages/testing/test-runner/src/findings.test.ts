import { expect, test } from "vitest";
import { readApiKey } from "./api-key.ts";
import { offsetFinding, synchronisedFinding } from "./checks/clock.ts";
import { passwordFinding } from "./checks/config.ts";
import { projectFinding, projectOfDatabase, publicFinding } from "./checks/keys.ts";
import { environmentFinding, lookAlikes } from "./checks/settings.ts";
import { nodeFinding } from "./checks/tools.ts";
import { jwt } from "./testing/jwt.ts";
import { compareVersions, inRange } from "./versions.ts";

test.each([
  [">=22.18", ["22.18.0", "24.1.0"], ["22.17.9", "20.20.2"]],
  ["^22.18.0", ["22.18.0", "22.99.1"], ["23.0.0", "22.17.0"]],
  ["~22.18", ["22.18.9"], ["22.19.0"]],
  ["22 || >=24", ["22.1.0", "25.0.0"], ["23.5.0"]],
  [">= 20 <23", ["22.9.9"], ["23.0.0", "19.0.0"]],
  ["20.x", ["20.20.2"], ["21.0.0"]],
  [">22", ["23.0.0"], ["22.5.0"]],
  ["<=22", ["22.5.0"], ["23.0.0"]],
  ["*", ["1.0.0"], []],
])("range %s", (range, inside, outside) => {
  expect(inside.map((version) => inRange(version, range))).toEqual(inside.map(() => true));
  expect(outside.map((version) => inRange(version, range))).toEqual(outside.map(() => false));
});

test("a range that cannot be read is unknown, versions compare as numbers", () => {
  expect(inRange("22.0.0", "lts/jod")).toBeUndefined();
  expect([compareVersions("9.10", "9.9.1") > 0, compareVersions("10", "10.0.0")]).toEqual([true, 0]);
  expect([nodeFinding("22.1.0", ">=22.18").verdict, nodeFinding("24.1.0", ">=22.18").verdict, nodeFinding("24.1.0", "lts").verdict]).toEqual([
    "fail",
    "pass",
    "unknown",
  ]);
});

test("look-alikes and other words of unset variables", () => {
  const of = (env: Record<string, string>): string[] => lookAlikes(env).map(({ name, meant }) => `${name}>${meant}`);
  expect(of({ DATABSE_URL: "x", REDIS_ULR: "x", LOG_LEVLE: "x", database_url: "x" })).toEqual([
    "DATABSE_URL>DATABASE_URL",
    "REDIS_ULR>REDIS_URL",
    "LOG_LEVLE>LOG_LEVEL",
    "database_url>DATABASE_URL",
  ]);
  expect(of({ SUPABASE_SERVICE_ROLE_KEY: "x", POSTGRES_URL: "x" })).toEqual(["SUPABASE_SERVICE_ROLE_KEY>SUPABASE_SERVICE_KEY", "POSTGRES_URL>DATABASE_URL"]);
  expect(of({ DATABASE_URL: "x", DATABSE_URL: "x", POSTGRES_URL: "x", EXPORT_DIR: "x", HOME: "x", DATABSE_URLS: "" })).toEqual([]);
});

test.each([
  ["development", "app@db.prod.example.org:5432/app", "warn"],
  ["development", "app@db:5432/app_production", "warn"],
  ["production", "app@db.prod.example.org:5432/app", "pass"],
  ["production", "app@localhost:5432/app", "warn"],
  ["development", "app@localhost:5432/products", "pass"],
  ["development", "prod@localhost:5432/app", "pass"],
])("ENVIRONMENT %s with %s: %s", (environment, target, verdict) => {
  expect(environmentFinding(environment, target).verdict).toBe(verdict);
});

test("passwords in the config", () => {
  expect(passwordFinding({ databaseUrl: "postgres://app@db/app", redisUrl: "redis://db" }).verdict).toBe("pass");
  expect(passwordFinding({ redisUrl: "redis://:hunter22@db" })).toMatchObject({ verdict: "warn", evidence: expect.not.stringContaining("hunter22") });
});

test("keys tell what they are", () => {
  expect(readApiKey(jwt({ role: "anon", ref: "abc", exp: 7, iss: "supabase" }))).toEqual({
    kind: "anon",
    role: "anon",
    project: "abc",
    expiresAt: 7,
    issuer: "supabase",
  });
  expect(readApiKey(jwt({ role: "service_role" })).kind).toBe("service");
  expect(["sb_publishable_1", "sb_secret_1", jwt({ role: "authenticated" }), "a.b.c", "nonsense", jwt(null)].map((key) => readApiKey(key).kind)).toEqual([
    "anon",
    "service",
    "other",
    "unreadable",
    "unreadable",
    "unreadable",
  ]);
});

test("projects", () => {
  const direct = "postgres://postgres:x@db.abcdef.supabase.co/postgres";
  const pooled = "postgres://postgres.abcdef:x@aws-0-eu.pooler.supabase.com:6543/postgres";
  expect([direct, pooled, "postgres://a.b:x@localhost/x"].map(projectOfDatabase)).toEqual(["abcdef", "abcdef", undefined]);
  expect(projectFinding({ SUPABASE_URL: "a", SUPABASE_ANON_KEY: "a", DATABASE_URL: undefined }).verdict).toBe("pass");
  expect(projectFinding({ SUPABASE_URL: "a", SUPABASE_ANON_KEY: "b" })).toMatchObject({
    verdict: "fail",
    evidence: "SUPABASE_URL belongs to a, SUPABASE_ANON_KEY belongs to b",
  });
  expect(projectFinding({ SUPABASE_URL: "a" }).verdict).toBe("skipped");
});

test("variables for browsers", () => {
  expect(publicFinding({ VITE_KEY: jwt({ role: "service_role" }) })).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("VITE_KEY") });
  expect(publicFinding({ NEXT_PUBLIC_KEY: jwt({ role: "anon" }), SECRET: "sb_secret_1" }).verdict).toBe("pass");
  expect(publicFinding({ SECRET: "sb_secret_1" }).verdict).toBe("skipped");
});

test("clocks", () => {
  const limit = { value: 2_000, source: "default" };
  expect([offsetFinding(0, limit).verdict, offsetFinding(-2_500, limit).verdict]).toEqual(["pass", "warn"]);
  const answers = [{ failed: false, text: "yes\n" }, { failed: false, text: "no\n" }, { failed: true, text: "" }];
  expect(answers.map((answer) => synchronisedFinding(answer).verdict)).toEqual(["pass", "warn", "skipped"]);
});
