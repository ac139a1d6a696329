import { readEnvFile } from "@org/env";
import { runChecks, type Check, type CheckResult, type Result, type RunContext } from "@org/script";
import { clockChecks } from "./checks/clock.ts";
import { configChecks } from "./checks/config.ts";
import { folderChecks } from "./checks/folders.ts";
import { keyChecks } from "./checks/keys.ts";
import { cacheChecks, postgresChecks } from "./checks/services.ts";
import { settingChecks, settingStatuses } from "./checks/settings.ts";
import { toolChecks } from "./checks/tools.ts";
import type { DoctorContext, DoctorSettings, Seen } from "./doctor-context.ts";
import type { EnvironmentStatus } from "./environment-status.ts";

type Checks = readonly Check<DoctorContext>[];

/** What one line waits for, another need not: tools, servers and files are asked side by side. */
const lines: readonly Checks[] = [
  [...settingChecks, ...configChecks, ...keyChecks],
  ...toolChecks.map((check) => [check]),
  [...postgresChecks, ...clockChecks],
  cacheChecks,
  folderChecks,
];

/** Examines everything that can be examined without a server. Every answer is in the result; only a bug or an abort rejects. */
export async function examine(run: RunContext<DoctorSettings>): Promise<Result<EnvironmentStatus>> {
  const envFile = run.envFile === undefined ? undefined : await readEnvFile(run.envFile);
  const seen: Seen = { tools: [], services: new Map(), ports: [], folders: [] };
  const context: DoctorContext = { run, envFile, env: { ...envFile, ...run.env }, seen };
  const answer = (checks: Checks): Promise<CheckResult[]> => runChecks({ checks, open: (use) => use(context), context: run });
  const results = (await Promise.all(lines.map(answer))).flat();
  const custom = await answer(run.checks as Checks);
  return { checks: [...results, ...custom], data: statusOf(context) };
}

function statusOf(context: DoctorContext): EnvironmentStatus {
  const { run, seen } = context;
  const byName = <T>(name: (item: T) => string | number) => (a: T, b: T): number => String(name(a)).localeCompare(String(name(b)));
  return {
    node: process.versions.node,
    environment: run.environment,
    configFile: run.configFile ?? null,
    envFile: run.envFile ?? null,
    tools: seen.tools.toSorted(byName(({ name }) => name)),
    settings: settingStatuses(context),
    services: [...seen.services.values()].toSorted(byName(({ name }) => name)),
    ports: seen.ports.toSorted(byName(({ port }) => port)),
    folders: seen.folders,
  };
}
