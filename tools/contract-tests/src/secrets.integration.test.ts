// A full run with secrets everywhere, and then a search for them in everything that it wrote. Needs Postgres and a cache.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { cacheServer, postgresServer, withScratchDatabase } from "@org/testkit";
import { describe, expect, test } from "vitest";
import { withPlace, type Place } from "./place.ts";
import { inOrder } from "./prepared.ts";
import { keepContract, startScript } from "./run.ts";
import { scripts, type ScriptUnderTest } from "./scripts.ts";
import { plainArguments } from "./situations.ts";
import { execute, query } from "./testing/database.ts";
import { withHttpService } from "./testing/http-services.ts";
import { withSilentService } from "./testing/listener.ts";
import { commandLine } from "./testing/processes.ts";

const jwt = (role: string): string => ["{\"alg\":\"HS256\",\"typ\":\"JWT\"}", `{"role":"${role}","iss":"contract","exp":4102444800}`, `signature of ${role}`].map((part) => Buffer.from(part).toString("base64url")).join(".");

const administrator = { role: `secretive_${process.pid}`, password: "pa55/w:rd%of&postgres" };
const secrets = {
  postgres: administrator.password,
  postgresEncoded: encodeURIComponent(administrator.password),
  anonKey: jwt("anon"),
  serviceKey: jwt("service_role"),
  pushgateway: "gateway-pa55word",
  argument: "hunter2-the-argument",
};

interface Written {
  /** Where it was found, and the text. */
  readonly place: string;
  readonly text: string;
}

test("no secret appears in what a full run writes", async () => {
  const [postgres, cache] = await Promise.all([postgresServer(), cacheServer()]);
  await execute(postgres.url, [`CREATE ROLE ${administrator.role} SUPERUSER LOGIN PASSWORD '${administrator.password}'`]);
  try {
    await withScratchDatabase((scratch, { name }) =>
      withHttpService((service) =>
        withPlace(async (place) => {
          const DATABASE_URL = Object.assign(new URL(scratch), { username: administrator.role, password: secrets.postgresEncoded }).href;
          const env = { ...environment(service.port), DATABASE_URL, REDIS_URL: cache.url };
          const printed = await runEverything(place, env);
          const rows = await stateRows(scratch);
          const everything = [...printed, ...rows, ...filesIn(place.folder)];
          const passwords = generatedPasswords(place, name);
          expect(passwords.length).toBeGreaterThan(0);
          expect(service.requests.filter(({ path }) => path.startsWith("/metrics/")).map(({ body }) => body).join("")).not.toBe("");
          const found = Object.entries({ ...secrets, cache: cache.password!, ...Object.fromEntries(passwords.map((password, index) => [`generated${index}`, password])) }).flatMap(([secret, value]) =>
            everything.filter(({ place: where, text }) => text.includes(value) && !(secret.startsWith("generated") && isCredentials(where))).map(({ place: where }) => `${secret} in ${where}`),
          );
          expect(found).toEqual([]);
          // The search would have found something: the same places name what is not secret.
          expect(everything.filter(({ text }) => text.includes(name)).length).toBeGreaterThan(scripts.length);
        }),
      ),
    );
  } finally {
    await execute(postgres.url, [`DROP OWNED BY ${administrator.role}`, `DROP ROLE ${administrator.role}`]);
  }
});

function environment(port: number): Record<string, string> {
  return {
    SUPABASE_URL: `http://127.0.0.1:${port}`,
    SUPABASE_ANON_KEY: secrets.anonKey,
    SUPABASE_SERVICE_KEY: secrets.serviceKey,
    PUSHGATEWAY_URL: `http://pusher:${secrets.pushgateway}@127.0.0.1:${port}`,
    LOG_LEVEL: "DEBUG",
  };
}

/** Every script, with the URL in the environment, as an argument, and with an argument that no script knows. */
async function runEverything(place: Place, env: Record<string, string>): Promise<Written[]> {
  const ordered = [...new Set(["doctor", "start", "setup", ...scripts.map(({ manifest }) => manifest.target)])].flatMap((target) => inOrder(target));
  expect(ordered).toHaveLength(scripts.length);
  const written: Written[] = [];
  for (const script of ordered) {
    const flag = script.manifest.services.includes("postgres") ? [["--database-url", env["DATABASE_URL"]!]] : [];
    for (const args of [[], ...flag, ["--password", secrets.argument], [`--password=${secrets.argument}`]]) {
      written.push(...(await run(script, [...plainArguments(script), ...args], { place, env })));
    }
  }
  return written;
}

async function run(script: ScriptUnderTest, args: readonly string[], { place, env }: { readonly place: Place; readonly env: Record<string, string> }): Promise<Written[]> {
  const result = keepContract(script, await startScript(script, [...args, "--json"], { place, env }).done);
  expect(result.exitCode, result.stderr).toBeOneOf(args.some((arg) => arg.startsWith("--password")) ? [3] : [0, 6]);
  return (["stdout", "stderr"] as const).map((stream) => ({ place: `${stream} of ${script.name} ${args.join(" ")}`, text: result[stream] }));
}

async function stateRows(url: string): Promise<Written[]> {
  const tables = ["script_execution_log", "health_check_results", "migration_history"];
  const rows = await Promise.all(tables.map(async (table) => ({ table, rows: await query<{ row: string }>(url, `SELECT t::text AS row FROM platform.${table} AS t`) })));
  for (const { table, rows: found } of rows) expect(found.length, table).toBeGreaterThan(0);
  return rows.flatMap(({ table, rows: found }) => found.map(({ row }) => ({ place: `a row of ${table}`, text: row })));
}

function filesIn(folder: string): Written[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
  return files.map((name) => ({ place: relative(folder, join(folder, name)), text: readFileSync(join(folder, name), "utf8") }));
}

/** The file whose purpose is to hold the passwords that init-database made. */
function isCredentials(place: string): boolean {
  return place.startsWith("state/credentials/");
}

function generatedPasswords({ folder }: Place, database: string): string[] {
  const text = filesIn(folder).filter(({ place }) => isCredentials(place)).map(({ text }) => text).join("\n");
  return [...text.matchAll(/postgres(?:ql)?:\/\/[^:@/]+:([^@]+)@/gu)].map(([, password]) => decodeURIComponent(password!)).filter((password) => !password.includes(database));
}

describe("the process title", () => {
  test.each(scripts)("$name shows no arguments while it runs", async (script) => {
    await withSilentService(({ port, connected }) =>
      withPlace(async (place) => {
        const url = `postgres://someone:${secrets.argument}@127.0.0.1:${port}/app`;
        const flag = script.manifest.services.includes("postgres") ? ["--database-url", url] : [];
        const env = { DATABASE_URL: url, REDIS_URL: `redis://:${secrets.argument}@127.0.0.1:${port}` };
        const started = startScript(script, [...plainArguments(script), ...flag], { place, env });
        await Promise.race([connected, started.done]);
        expect(commandLine(started.pid)).toBe(script.name);
        started.kill("SIGTERM");
        await started.done;
      }),
    );
  });
});
