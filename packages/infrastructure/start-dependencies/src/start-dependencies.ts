import { join } from "node:path";
import { isScriptError } from "@org/exit-codes";
import { checkResult, fail, pass, skipped, warn, type CheckResult, type Result, type RunContext } from "@org/script";
import { cache } from "./cache-service.ts";
import { observedData, round, startedData, type DependenciesData } from "./dependency-data.ts";
import { addToEnvFile } from "./env-file.ts";
import { makeStateFolders, openHome } from "./home.ts";
import { withLock } from "./lock.ts";
import { maskUrl } from "./mask-url.ts";
import { openPasswords } from "./passwords.ts";
import { planService } from "./plan-service.ts";
import { postgres } from "./postgres-service.ts";
import { readServiceLog } from "./service-log.ts";
import { serviceNames, type DependenciesRequest, type Service, type ServiceName } from "./service.ts";
import { observeService, type ObservedServer } from "./service-status.ts";
import { startService, type ReadyServer } from "./start-service.ts";
import { stopService } from "./stop-service.ts";
import type { DependenciesSettings } from "./settings.ts";

type Context = RunContext<DependenciesSettings>;

const services: { readonly [S in ServiceName]: Service } = { postgres, cache };

/** Starts, observes or stops Postgres and the cache, or reads their logs. */
export async function manageDependencies(context: Context): Promise<Result<DependenciesData>> {
  const request = toRequest(context);
  if (context.action === "status") return status(request);
  if (context.action === "logs") return logs(request, context.settings.lines);
  if (context.dryRun) return plan(request, context.action);
  await makeStateFolders(request.stateDir);
  const onWait = ({ pid }: { readonly pid: number }): void => request.logger.info(`Another start or stop (process ${pid}) is at work; waiting for it`);
  const work = context.action === "stop" ? () => stop(request, context.settings.purge) : () => start(request, context);
  return withLock(join(request.stateDir, "dependencies", "lock"), work, { signal: request.signal, onWait });
}

function toRequest({ settings, config, root, stateDir, env, logger, signal }: Context): DependenciesRequest {
  return {
    root,
    stateDir,
    env,
    services: settings.service === undefined ? serviceNames : [settings.service],
    provider: settings.provider,
    ports: { postgres: settings.postgresPort, cache: settings.cachePort },
    urls: { postgres: settings.databaseUrl?.reveal(), cache: settings.redisUrl?.reveal() },
    database: settings.database,
    install: settings.install,
    preloadLibraries: config.dependencies?.preloadLibraries ?? [],
    logger,
    signal,
  };
}

async function start(request: DependenciesRequest, { envFile, envFileIsNamed }: Context): Promise<Result<DependenciesData>> {
  const home = await openHome(request.stateDir, request.logger);
  const { passwords, created } = await openPasswords(request.stateDir);
  const ready = new Map<ServiceName, ReadyServer>();
  const checks: CheckResult[] = [];
  for (const name of request.services) {
    const check = await timed({ id: `${name}.ready`, title: `${titles[name]} answers` }, request, async () => {
      const server = await startService({ service: services[name], request, home, passwords, passwordsAreNew: created });
      ready.set(name, server);
      const finding = readyFinding(server);
      request.logger.info(finding.evidence);
      return finding;
    });
    checks.push(check);
  }
  const written = envFile !== undefined && envFileIsNamed ? await writeEnvFile(envFile, ready) : undefined;
  if (written !== undefined) request.logger.info(written.check.evidence);
  return {
    checks: written === undefined ? checks : [...checks, written.check],
    data: { action: "start", services: request.services.map((name) => startedData(name, ready.get(name))), envFile: written?.data ?? null, logs: null },
  };
}

const titles: { readonly [S in ServiceName]: string } = { postgres: "Postgres", cache: "The cache" };

function readyFinding({ evidence, provider, url, startedNow, warning }: ReadyServer): ReturnType<typeof pass> {
  const value = { value: round(evidence.durationMs), unit: "ms" };
  const what = `${evidence.server} (${provider}, ${startedNow ? "started now" : "was running"}) answered at ${maskUrl(url)}`;
  const note = evidence.note === undefined ? "" : `; ${evidence.note}`;
  return warning === undefined ? pass(`${what}${note}`, value) : warn(`${what}, but ${warning.message}`, warning.remedy, value);
}

async function writeEnvFile(file: string, ready: ReadonlyMap<ServiceName, ReadyServer>): Promise<{ readonly check: CheckResult; readonly data: DependenciesData["envFile"] }> {
  const variables = Object.fromEntries([...ready].map(([name, { url }]) => [services[name].variable, url]));
  const result = await addToEnvFile(file, variables);
  const { written, unchanged, kept } = result;
  const parts = [
    written.length > 0 && `wrote ${written.join(" and ")}`,
    unchanged.length > 0 && `${unchanged.join(" and ")} ${unchanged.length > 1 ? "were" : "was"} right already`,
    kept.length > 0 && `${kept.join(" and ")} ${kept.length > 1 ? "have other values and stay" : "has another value and stays"}`,
    Object.keys(variables).length === 0 && "nothing is ready, so nothing was written",
  ].filter((part) => part !== false);
  const evidence = `${file}: ${parts.join("; ")}`;
  const finding = kept.length === 0 ? pass(evidence) : warn(evidence, `Remove ${kept.join(" and ")} from ${file} and run this again, if the other scripts are to use these servers.`);
  return { check: checkResult({ id: "env-file.written", title: "The env file names the servers" }, finding), data: { file, ...result } };
}

async function status(request: DependenciesRequest): Promise<Result<DependenciesData>> {
  const observed: { readonly name: ServiceName; readonly server: ObservedServer }[] = [];
  const checks: CheckResult[] = [];
  for (const name of request.services) {
    const check = await timed({ id: `${name}.ready`, title: `${titles[name]} answers` }, request, async () => {
      const server = await observeService(services[name], request);
      observed.push({ name, server });
      const { state, provider, url, evidence, reason } = server;
      if (evidence === undefined) return fail(`${state}: ${reason}`, state === "stopped" ? "Run npx @org/start-dependencies." : "Run npx @org/start-dependencies logs.");
      return pass(`${evidence.server} (${provider}) answered at ${maskUrl(url ?? "")}${evidence.note === undefined ? "" : `; ${evidence.note}`}`, { value: round(evidence.durationMs), unit: "ms" });
    });
    checks.push(check);
  }
  return { checks, data: { action: "status", services: observed.map(({ name, server }) => observedData(name, server)), envFile: null, logs: null } };
}

async function stop(request: DependenciesRequest, purge: boolean): Promise<Result<DependenciesData>> {
  const checks: CheckResult[] = [];
  // What depends on nothing else is stopped last.
  for (const name of request.services.toReversed()) {
    const check = await timed({ id: `${name}.stopped`, title: `${titles[name]} is stopped` }, request, async () => {
      const { stopped } = await stopService(services[name], request, purge);
      const what = stopped === undefined ? "nothing that this project started was running" : `stopped ${stopped.process === undefined ? "its container" : `process ${stopped.process.pid}`} on port ${stopped.port}`;
      return pass(`${what}; ${purge ? "its data is removed" : "its data stays"}`);
    });
    checks.push(check);
  }
  return { checks, data: { action: "stop", services: request.services.map((name) => startedData(name, undefined)), envFile: null, logs: null } };
}

async function logs(request: DependenciesRequest, lines: number): Promise<Result<DependenciesData>> {
  const read: { [S in ServiceName]?: readonly string[] } = {};
  const checks: CheckResult[] = [];
  for (const name of request.services) {
    const check = await timed({ id: `${name}.log`, title: `${titles[name]} has a log` }, request, async () => {
      const log = await readServiceLog(name, request, lines);
      read[name] = log.lines;
      return log.source === undefined ? skipped(log.reason) : pass(`the last ${log.lines.length} lines of ${log.source}`, { value: log.lines.length, unit: "count" });
    });
    checks.push(check);
  }
  return { checks, data: { action: "logs", services: [], envFile: null, logs: read } };
}

async function plan(request: DependenciesRequest, action: string): Promise<Result<DependenciesData>> {
  const checks: CheckResult[] = [];
  for (const name of request.services) {
    const id = action === "stop" ? `${name}.stopped` : `${name}.ready`;
    checks.push(await timed({ id, title: titles[name] }, request, async () => skipped(await planService(services[name], request, action))));
  }
  return { checks, data: { action, services: [], envFile: null, logs: null } };
}

/** Runs one step; what a user can cause fails its check, so that the other service still gets its turn. */
async function timed(check: { readonly id: string; readonly title: string }, { logger, signal }: DependenciesRequest, work: () => Promise<ReturnType<typeof pass>>): Promise<CheckResult> {
  const started = performance.now();
  try {
    return checkResult(check, await work(), round(performance.now() - started));
  } catch (error) {
    signal.throwIfAborted();
    if (!isScriptError(error)) throw error;
    logger.error(error.message);
    return checkResult(check, fail(error.message, error.hint ?? "Look at the log.", { code: error.code }), round(performance.now() - started));
  }
}
