import { describeCacheUrl, parseCacheUrl, readInfo, serverFlavour, withCache } from "@org/cache";
import { isScriptError, type ScriptError } from "@org/exit-codes";
import { describePostgresUrl, parsePostgresUrl, withClient } from "@org/postgres";
import { fail, pass, skipped, warn, type Check, type CheckRun, type Finding } from "@org/script";
import type { DoctorContext } from "../doctor-context.ts";
import { examinePort } from "../port.ts";
import { runTool } from "../run-tool.ts";

const connectTimeoutMs = 3_000;

export const postgresChecks: readonly Check<DoctorContext>[] = [
  { id: "service.postgres", title: "DATABASE_URL leads to Postgres", run: postgresAnswers },
  { id: "port.postgres", title: "The port of Postgres is free, or its own", run: postgresPort },
];

export const cacheChecks: readonly Check<DoctorContext>[] = [
  { id: "service.cache", title: "REDIS_URL leads to a cache", run: cacheAnswers },
  { id: "port.cache", title: "The port of the cache is free, or its own", run: cachePort },
];

async function postgresAnswers({ run: { settings }, seen }: DoctorContext, { signal }: CheckRun): Promise<Finding> {
  const url = settings.databaseUrl?.reveal();
  if (url === undefined) return skipped("DATABASE_URL is not set");
  try {
    const status = { name: "postgres", target: describePostgresUrl(url) } as const;
    seen.services.set("postgres", { ...status, reachable: false, version: null });
    const before = Date.now();
    const { version, clock } = await withClient({ url, applicationName: "test-runner", readOnly: true, connectTimeoutMs, signal }, async (client) => {
      const { rows } = await client.query<{ version: string; clock: number }>(
        "SELECT split_part(current_setting('server_version'), ' ', 1) AS version, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS clock",
      );
      return rows[0]!;
    });
    // Whatever lies between our two looks at the clock agrees with it.
    seen.clockOffsetMs = clock - Math.min(Math.max(clock, before), Date.now());
    seen.services.set("postgres", { ...status, reachable: true, version });
    return pass(`${status.target} is PostgreSQL ${version}`, { value: version });
  } catch (error) {
    signal.throwIfAborted();
    noteAnswer(seen, "postgres", error);
    return unreachable(error, (cause) => cause.code?.startsWith("28") === true);
  }
}

async function cacheAnswers({ run: { settings }, seen }: DoctorContext, { signal }: CheckRun): Promise<Finding> {
  const url = settings.redisUrl?.reveal();
  if (url === undefined) return skipped("REDIS_URL is not set");
  try {
    const status = { name: "cache", target: describeCacheUrl(url) } as const;
    seen.services.set("cache", { ...status, reachable: false, version: null });
    const info = await withCache({ url, clientName: "test-runner", connectTimeoutMs, signal }, (client) => readInfo(client, ["server"]).catch(ignoreRefusal));
    const { flavour, version } = serverFlavour(info);
    seen.services.set("cache", { ...status, reachable: true, version: version ?? null });
    return pass(`${status.target} is ${flavour === "unknown" ? "a Redis-compatible server" : flavour} ${version ?? ""}`.trim());
  } catch (error) {
    signal.throwIfAborted();
    noteAnswer(seen, "cache", error);
    return unreachable(error, (cause) => /^(NOAUTH|WRONGPASS|ERR (invalid password|AUTH))/.test(cause.message));
  }
}

/** An account that may not ask INFO has logged in all the same. */
function ignoreRefusal(error: unknown): Record<string, never> {
  if (error instanceof Error && error.name === "ReplyError") return {};
  throw error;
}

/** A server that refuses is there: the port is its own. */
function noteAnswer({ services }: DoctorContext["seen"], name: "postgres" | "cache", error: unknown): void {
  const status = services.get(name);
  const cause = isScriptError(error) ? error.cause : undefined;
  const isAnswer = cause instanceof Error && ("severity" in cause || cause.name === "ReplyError");
  if (status !== undefined && isAnswer) services.set(name, { ...status, reachable: true });
}

/** The doctor comes before the servers are up, so one that does not answer is a warning; one that refuses the login must be mended. */
function unreachable(error: unknown, refusesLogin: (cause: { readonly code?: string; readonly message: string }) => boolean): Finding {
  if (!isScriptError(error)) throw error;
  const { message, hint, code, cause } = error satisfies ScriptError;
  if (cause instanceof Error && refusesLogin(cause)) return fail(message, hint ?? "Correct the user and the password in the URL.");
  if (code === "connection") return warn(message, "Start it: npx @org/start-dependencies start; or correct the URL.");
  if (code === "dependency") return warn(message, hint ?? "Run npx @org/init-database.");
  return fail(message, hint ?? "Look into the server's log.", code === "general" ? {} : { code });
}

async function postgresPort(context: DoctorContext, run: CheckRun): Promise<Finding> {
  const { settings, config } = context.run;
  const address = settings.databaseUrl === undefined ? undefined : parsePostgresUrl(settings.databaseUrl.reveal());
  const port = address?.port ?? config.dependencies?.postgresPort ?? 5434;
  return portFinding(context, run, { service: "postgres", variable: "DATABASE_URL", host: address?.host, port, key: "postgresPort" });
}

async function cachePort(context: DoctorContext, run: CheckRun): Promise<Finding> {
  const { settings, config } = context.run;
  const address = settings.redisUrl === undefined ? undefined : parseCacheUrl(settings.redisUrl.reveal());
  const port = address?.port ?? config.dependencies?.cachePort ?? 6382;
  return portFinding(context, run, { service: "cache", variable: "REDIS_URL", host: address?.host, port, key: "cachePort" });
}

interface Port {
  readonly service: "postgres" | "cache";
  readonly variable: string;
  /** Undefined where no URL is set; empty for a socket. */
  readonly host: string | undefined;
  readonly port: number;
  /** The key of `dependencies` in the config. */
  readonly key: string;
}

async function portFinding({ run: { env }, seen }: DoctorContext, { signal }: CheckRun, { service, variable, host, port, key }: Port): Promise<Finding> {
  if (host !== undefined && !/^(localhost|127(\.\d+){3}|::1)$/.test(host)) return skipped(`${variable} names no port of this host`);
  const { listening, owner } = await examinePort(port, (name, args) => runTool(name, args, { env, signal }));
  const expected = seen.services.get(service)?.reachable === true;
  seen.ports.push({ port, state: !listening ? "free" : expected ? "expected" : "taken", owner });
  if (!listening) return pass(`port ${port} is free for npx @org/start-dependencies start`);
  if (expected) return pass(`port ${port} is the one that ${variable} names`);
  const who = `port ${port} is taken by ${owner ?? "a process that this user may not see"}`;
  if (host === undefined) {
    return warn(
      `${who}, and ${variable} is not set`,
      `If that is the server, set ${variable}; else choose another port with dependencies.${key} in the config.`,
    );
  }
  return fail(
    `${who}, which is not what ${variable} asks for`,
    `Look at service.${service}; stop that process, or choose another port in ${variable} and dependencies.${key}.`,
  );
}
